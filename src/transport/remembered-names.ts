import type { Clock } from "../base/clock.ts";
import type { Address } from "./happy-eyeballs.ts";

/** How long DNS may take, where the addresses are known from before. */
const PATIENCE_MS = 1_500;

/** Servers and proxies are few; for one more name the oldest is forgotten. */
const MAX_NAMES = 64;

export type LookUp = (host: string) => Promise<readonly Address[]>;

/**
 * The addresses of names as DNS says now, or as it said last if it does not answer: the DNS server may be behind the VPN
 * whose own server is looked for. That a name does not exist is an answer.
 */
export class RememberedNames {
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  readonly #known = new Map<string, readonly Address[]>();
  /** One question at a time for each name: each that is not answered holds a thread of the process. */
  readonly #asked = new Map<string, Promise<readonly Address[]>>();

  constructor(deps: { readonly clock: Clock; readonly lookUp: LookUp }) {
    this.#clock = deps.clock;
    this.#lookUp = deps.lookUp;
  }

  lookUp(host: string): Promise<readonly Address[]> {
    const known = this.#known.get(host);
    const answer = this.#asked.get(host) ?? this.#ask(host);
    if (known === undefined) return answer;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(PATIENCE_MS, () => resolve(known));
      const done = (addresses: readonly Address[]): void => {
        cancel();
        resolve(addresses);
      };
      answer.then(done, (error: unknown) => {
        if (!isAnswer(error)) return done(known);
        cancel();
        reject(error);
      });
    });
  }

  async #ask(host: string): Promise<readonly Address[]> {
    const answer = this.#lookUp(host);
    this.#asked.set(host, answer);
    try {
      const addresses = await answer;
      this.#remember(host, addresses);
      return addresses;
    } finally {
      this.#asked.delete(host);
    }
  }

  #remember(host: string, addresses: readonly Address[]): void {
    this.#known.delete(host);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MAX_NAMES) this.#known.delete(oldest);
    this.#known.set(host, addresses);
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOTFOUND";
}
