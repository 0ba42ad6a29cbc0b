import { lookup } from "node:dns/promises";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { firstSuccess } from "../base/first-success.ts";

/** RFC 8305, section 5: how long an attempt goes on alone. */
const ATTEMPT_DELAY_MS = 250;

/** The kernel sends a SYN again after 1, 3 and 7 s: where a line was cut, a fresh one finds sooner that it is back. */
const AGAIN_AFTER_MS = 500;

/** Attempts at a time; these leave each 4 s for its answer. */
const MOST_RUNNING = 8;

const ATTEMPT_TIMES = {
  nextAfterMs: ATTEMPT_DELAY_MS,
  againAfterMs: AGAIN_AFTER_MS,
  mostRunning: MOST_RUNNING,
  mostRounds: Number.POSITIVE_INFINITY,
} as const;

export interface Address {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

export interface Destination {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

/** Every address of a name, the best first, as the system says now; rejects if there is none. */
export function lookUp(host: string): Promise<readonly Address[]> {
  return lookup(host, { all: true, order: "verbatim" });
}

/** Begins to connect, by a socket that `signal` destroys. Each has a signal of its own: there may be many in 10 s. */
export type Attempt = (address: string, signal: AbortSignal) => Socket;

/**
 * Connects to the first of the addresses that answers (RFC 8305): one more is tried every 250 ms, or as soon as one
 * fails, and the earlier attempts go on beside it; silent ones are tried again every 500 ms. Node's own autoSelectFamily
 * gives each up when the next one begins, so that a line slower than that never connects. Rejects with the one error or an
 * AggregateError; `signal` ends all.
 */
export async function connectFirst(
  clock: Clock,
  resolve: () => Promise<readonly Address[]>,
  signal: AbortSignal,
  attempt: Attempt,
): Promise<Socket> {
  signal.throwIfAborted();
  const addresses = interleaveFamilies(await resolve());
  signal.throwIfAborted();
  return race(clock, addresses, attempt, signal);
}

function race(clock: Clock, targets: readonly string[], attempt: Attempt, signal: AbortSignal): Promise<Socket> {
  const begin = async (address: string, called: AbortSignal): Promise<Socket> => connected(attempt(address, called));
  return firstSuccess(clock, { targets, begin, discard: (late) => void late.destroy() }, ATTEMPT_TIMES, signal);
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Stays for the socket's life: an error without a listener would end the process.
    socket.on("error", reject).once("connect", () => resolve(socket));
  });
}

/** RFC 8305, section 4: the families in turn, beginning with the resolver's favourite, each in the resolver's order. */
export function interleaveFamilies(addresses: readonly Address[]): string[] {
  const favourite = addresses[0]?.family;
  const first = addresses.filter(({ family }) => family === favourite);
  const second = addresses.filter(({ family }) => family !== favourite);
  const pairs = Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]]);
  return pairs.flat().flatMap((entry) => (entry === undefined ? [] : [entry.address]));
}
