import { fileURLToPath } from "node:url";
import type { Child } from "../child.ts";
import type { Namespace } from "../namespace.ts";
import { programArgv } from "../program-argv.ts";

const PROGRAM = fileURLToPath(new URL("steady-program.ts", import.meta.url));
const PORT = "7010";

interface Echo {
  readonly saidMs: number;
  readonly heardMs: number;
}

/** A TCP connection through the VPN on which a little is said all the time (steady-program.ts): does it survive? */
export class SteadyConnection {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** From one namespace to an address of the other; resolves when the first words have come back. */
  static async open(from: Namespace, to: Namespace, address: string): Promise<SteadyConnection> {
    to.start(programArgv(PROGRAM, "listen", PORT));
    await to.waitForTcpPort(Number(PORT));
    const steady = new SteadyConnection(from.start(programArgv(PROGRAM, "connect", PORT, address)));
    await steady.#child.waitUntil("the first echo", () => steady.#echoes().length > 0);
    return steady;
  }

  /** Whether it still stands. */
  get stands(): boolean {
    return this.#child.running;
  }

  /** Milliseconds from `sinceMs` (Unix time) until something said since then came back; `Infinity` if that never was. */
  async silenceAfter(sinceMs: number, timeoutMs: number): Promise<number> {
    const find = (): Echo | undefined => this.#echoes().find(({ saidMs }) => saidMs > sinceMs);
    try {
      return (await this.#child.waitUntil("an echo", find, { timeoutMs, pollMs: 50 })).heardMs - sinceMs;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  #echoes(): readonly Echo[] {
    const lines = this.#child.stdout.matchAll(/^(\d+) (\d+)$/gm);
    return [...lines].map(([, said, heard]) => ({ saidMs: Number(said), heardMs: Number(heard) }));
  }
}
