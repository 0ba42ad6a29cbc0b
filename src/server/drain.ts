import type { Clock } from "../base/clock.ts";
import type { Peer } from "./peer.ts";

export interface DrainDeps {
  readonly clock: Clock;
  /** Everybody who is here; kept by the server. */
  readonly peers: ReadonlyMap<number, Peer>;
}

/** How long a drain waits for peers to take their leave, beyond the time a close may take. */
const DRAIN_MARGIN_MS = 500;
/** When peers may come again after the server went away: a restart takes about that long. */
const RETRY_AFTER_MS = 500;
/** And longer by this for each of them; each draws its time from once to twice that, so that 2,000 come within seconds. */
const RETRY_PER_PEER_MS = 0.5;

/** Sends everybody away because the server stops. */
export class Drain {
  readonly #deps: DrainDeps;
  readonly #closeTimeoutMs: number;
  #onEmpty: (() => void) | undefined;

  constructor(deps: DrainDeps, { closeTimeoutMs }: { readonly closeTimeoutMs: number }) {
    this.#deps = deps;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** Resolves when nobody is left, or when that takes too long. */
  async run(): Promise<void> {
    const { clock, peers } = this.#deps;
    if (peers.size === 0) return;
    const isEmpty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      clock.after(this.#closeTimeoutMs + DRAIN_MARGIN_MS, resolve);
    });
    const retryAfterMs = Math.round(RETRY_AFTER_MS + peers.size * RETRY_PER_PEER_MS);
    for (const peer of peers.values()) peer.sendAway("shutting-down", "the server is shutting down", retryAfterMs);
    await isEmpty;
  }

  /** To be called when a peer is gone. */
  peerLeft(): void {
    if (this.#deps.peers.size === 0) this.#onEmpty?.();
  }
}
