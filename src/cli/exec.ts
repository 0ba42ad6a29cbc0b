import { spawnSync } from "node:child_process";
import { ConfigError } from "../base/errors.ts";
import { SECRET_VARIABLES } from "./credentials.ts";

/**
 * Runs the `--exec` command with /bin/sh and waits for it, as the original does right after the TAP is there. The name
 * of the TAP is in `VPN_WS_TAP`. A command that fails stops the start.
 */
export function runExec(command: string, tapName: string | undefined): void {
  const env: NodeJS.ProcessEnv = { ...process.env, ...(tapName === undefined ? {} : { VPN_WS_TAP: tapName }) };
  for (const name of SECRET_VARIABLES) delete env[name];
  const { status, signal, error } = spawnSync("/bin/sh", ["-c", command], { stdio: "inherit", env });
  if (status === 0) return;
  const how = error?.message ?? (signal === null ? `exit code ${status}` : `killed by ${signal}`);
  throw new ConfigError("EXEC_FAILED", `the --exec command failed (${how}): ${command}`, {
    hint: "Try it by hand in the same shell; its own output is above.",
  });
}
