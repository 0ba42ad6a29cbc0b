/**
 * A process that gives up its privileges as its first argument says (JSON), with threads that were there before and one
 * that comes later, and prints as JSON what /proc says of all its threads, and of a program that it starts then.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFile, readFileSync } from "node:fs";
import { url } from "node:inspector";
import { Worker } from "node:worker_threads";
import { dropPrivileges } from "../../../src/cli/privileges.ts";

const WORKER = "require('worker_threads').parentPort.postMessage('up'); setInterval(() => {}, 1_000_000)";

async function startWorker(): Promise<void> {
  await once(new Worker(WORKER, { eval: true }), "message");
}

/** The lines of a status file that say what its thread may do. */
const privilegesIn = (status: string): readonly string[] => status.match(/^(?:Cap|NoNewPrivs).*/gm) ?? [];

/** Name to values, of which there are several if threads differ. */
function valuesOf(lines: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of new Set(lines)) {
    const [name = "", value = ""] = line.split(":\t");
    values[name] = values[name] === undefined ? value : `${values[name]} and ${value}`;
  }
  return values;
}

await startWorker();
// The thread pool starts with the first file that is read.
await new Promise((resolve) => readFile("/etc/passwd", resolve));
dropPrivileges(JSON.parse(process.argv[2] as string));
process.kill(process.pid, "SIGUSR1");
await startWorker();

const statuses = readdirSync("/proc/self/task").map((id) => readFileSync(`/proc/self/task/${id}/status`, "latin1"));
const child = execFileSync("cat", ["/proc/self/status"], { encoding: "latin1" });
const coreLimit = /^Max core file size +(\d+) +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
const seen = {
  hasManyThreads: statuses.length > 8,
  threads: valuesOf(statuses.flatMap(privilegesIn)),
  child: valuesOf(privilegesIn(child)),
  coreLimits: coreLimit?.slice(1),
  debugger: url() ?? "closed",
  seesOwnDescriptors: readdirSync("/proc/self/fd").length > 3,
};
process.stdout.write(JSON.stringify(seen), () => process.exit());
