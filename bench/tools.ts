/** Compiles the bench's C programs into a temporary directory that goes with the process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../lab/child.ts";
import { requirePrograms } from "../lab/programs.ts";
import type { Tools } from "./tunnels/tunnel.ts";

export async function buildTools(): Promise<Tools> {
  await requirePrograms("gcc");
  const directory = mkdtempSync(join(tmpdir(), "vpnws-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return {
    floor: await compile("floor", directory),
    floorTls: await compile("floor-tls", directory, ["-lssl", "-lcrypto"]),
    datagrams: await compile("datagrams", directory),
  };
}

async function compile(name: string, directory: string, libraries: readonly string[] = []): Promise<string> {
  const program = join(directory, name);
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  await run(["gcc", "-O2", "-w", "-o", program, source, ...libraries]);
  return program;
}
