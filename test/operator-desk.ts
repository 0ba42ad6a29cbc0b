/** A server that is not there, as the operator's commands find it on this machine. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { OperatorOutput } from "../src/cli/interruption.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";
import { FakeControlModel } from "./fake-control-model.ts";
import { OperatorScreen } from "./operator-screen.ts";

/** A socket directory of its own, and the servers that listen in it. */
export class OperatorDesk {
  readonly directory = mkdtempSync(join(tmpdir(), "vpnws-desk-"));
  readonly #before = process.env.RUNTIME_DIRECTORY;
  readonly #servers = new Set<FakeApi>();

  constructor() {
    process.env.RUNTIME_DIRECTORY = this.directory;
  }

  /** Starts a server, with a socket `server-ID.sock` and another listener. */
  async serve(model = new FakeControlModel(20), id = 1, others = ["http://127.0.0.1:0"]): Promise<FakeApi> {
    const listen = [`unix:${join(this.directory, `server-${id}.sock`)}`, ...others];
    const api = await startFakeApi({ model, listen });
    this.#servers.add(api);
    return api;
  }

  stop(api: FakeApi): void {
    api.close();
    this.#servers.delete(api);
  }

  /** A file with this text; its path. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  close(): void {
    for (const api of this.#servers) api.close();
    if (this.#before === undefined) delete process.env.RUNTIME_DIRECTORY;
    else process.env.RUNTIME_DIRECTORY = this.#before;
    rmSync(this.directory, { recursive: true });
  }
}

/** Runs a command to its end, and gives what it wrote. Rejects with its error. */
export async function runOperator(
  make: (output: OperatorOutput) => Command,
  words: readonly string[] = [],
  screen = new OperatorScreen(),
): Promise<OperatorScreen> {
  const command = make(screen);
  command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  await command.parseAsync([...words], { from: "user" });
  return screen;
}
