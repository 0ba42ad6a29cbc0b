import { fileURLToPath } from "node:url";
import type { Namespace } from "../../lab/namespace.ts";
import { programArgv } from "../../lab/program-argv.ts";

const PROGRAM = fileURLToPath(new URL("fake-dashboard-program.ts", import.meta.url));
const PORT = 7100;

/** Starts the dashboard of a server with so many peers that are not there; gives its address on the namespace's loopback. */
export async function startFakeDashboard(namespace: Namespace, peers: number): Promise<string> {
  const child = namespace.start(programArgv(PROGRAM, String(peers), String(PORT)));
  await child.waitUntil("the fake dashboard", () => child.stdout.includes("listening"));
  return `http://127.0.0.1:${PORT}/`;
}
