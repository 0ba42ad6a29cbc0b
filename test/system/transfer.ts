/** Transfers whose bytes are compared: what one end sent is, by its SHA-256, what the other received, both ways. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Child } from "../../lab/child.ts";
import type { Namespace } from "../../lab/namespace.ts";
import { programArgv } from "../../lab/program-argv.ts";

const PROGRAM = fileURLToPath(new URL("transfer-end.ts", import.meta.url));
const PORT = 7_001;

export const MEBIBYTE = 1024 * 1024;

interface EndReport {
  readonly sent: string;
  readonly received: string;
  readonly receivedBytes: number;
}

/** A transfer under way: its listening end in one namespace, the connecting one in another. */
export class Transfer {
  readonly #ends: readonly [Child, Child];
  readonly #bytes: number;

  private constructor(ends: readonly [Child, Child], bytes: number) {
    this.#ends = ends;
    this.#bytes = bytes;
  }

  /** Starts sending `bytes` each way between `from` and `to`, which has `address`. */
  static async start(from: Namespace, to: Namespace, address: string, bytes: number): Promise<Transfer> {
    const listening = to.start(programArgv(PROGRAM, "listen", String(PORT), String(bytes)));
    await to.waitForTcpPort(PORT, { evidence: () => listening.describe() });
    const connecting = from.start(programArgv(PROGRAM, "connect", String(PORT), String(bytes), address));
    return new Transfer([connecting, listening], bytes);
  }

  get running(): boolean {
    return this.#ends.every((end) => end.running);
  }

  /** Waits for its end and compares. */
  async verify(): Promise<void> {
    const [here, there] = await Promise.all(this.#ends.map((end) => this.#report(end)));
    assert.ok(here !== undefined && there !== undefined);
    assert.deepEqual([here.receivedBytes, there.receivedBytes], [this.#bytes, this.#bytes]);
    assert.equal(there.received, here.sent, "what was sent is what arrived");
    assert.equal(here.received, there.sent, "what was sent back is what arrived");
  }

  async #report(end: Child): Promise<EndReport> {
    const { stdout } = await end.waitUntil(
      "the transfer's end",
      () => (end.running ? undefined : { stdout: end.stdout }),
      {
        timeoutMs: 60_000,
      },
    );
    if (stdout === "") throw new Error(end.describe());
    return JSON.parse(stdout) as EndReport;
  }
}

/** Sends `bytes` each way at the same time and compares what arrived. */
export async function transferBothWays(from: Namespace, to: Namespace, address: string, bytes: number): Promise<void> {
  const transfer = await Transfer.start(from, to, address, bytes);
  await transfer.verify();
}
