import { spawn } from "node:child_process";
import { once } from "node:events";
import { SECRET_VARIABLES } from "./credentials.ts";

/**
 * Runs a command with /bin/sh as `--exec` does, and says why it failed. What peers say of themselves is in variables, in
 * no word of the command line: there it would be a command. Its output goes nowhere.
 */
export async function runHookCommand(
  command: string,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...variables };
  for (const name of SECRET_VARIABLES) delete env[name];
  try {
    // A group of its own, so that what it has started ends with it. Some failures, such as no memory, are thrown here.
    const child = spawn("/bin/sh", ["-c", command], { env, stdio: "ignore", detached: true });
    signal.addEventListener("abort", () => killGroup(child.pid), { once: true });
    const [status, killedBy] = await once(child, "exit");
    if (status === 0) return undefined;
    return status === null ? `killed by ${killedBy}` : `exit code ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function killGroup(processId: number | undefined): void {
  try {
    if (processId !== undefined) process.kill(-processId, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
