import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";

/** RFC 8305, section 5: how long an attempt goes on alone. */
const ATTEMPT_DELAY_MS = 250;

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

/** Every address of a name, the best first; rejects if there is none. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

const systemResolve: Resolve = (host) => lookup(host, { all: true, order: "verbatim" });

/**
 * Connects to the first of a name's addresses that answers (RFC 8305): one more is tried every 250 ms, or as soon as one
 * fails, and the earlier attempts go on beside it. Node's own autoSelectFamily gives each up when the next one begins, so
 * that a line slower than that never connects. Rejects with the one error or an AggregateError; `signal` ends all.
 */
export async function connectFirst(
  clock: Clock,
  { host, port }: Destination,
  signal: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<Socket> {
  signal.throwIfAborted();
  const addresses = interleaveFamilies(await resolve(host));
  signal.throwIfAborted();
  return race(clock, addresses, (address) => connect({ host: address, port, signal }), signal);
}

function race(
  clock: Clock,
  addresses: readonly string[],
  attempt: (address: string) => Socket,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const waiting = [...addresses];
    const running = new Set<Socket>();
    const errors: Error[] = [];
    let cancelTimer = (): void => {};
    const onFailed = (socket: Socket, error: Error): void => {
      if (!running.delete(socket)) return;
      errors.push(error);
      if (waiting.length > 0 && !signal.aborted) startNext();
      else if (running.size === 0) {
        cancelTimer();
        reject(errors.length === 1 ? error : new AggregateError(errors, "no address answers"));
      }
    };
    const onConnected = (socket: Socket): void => {
      cancelTimer();
      running.delete(socket);
      for (const loser of running) loser.destroy();
      running.clear();
      resolve(socket);
    };
    const startNext = (): void => {
      cancelTimer();
      const address = waiting.shift();
      if (address === undefined) return;
      const socket = attempt(address);
      running.add(socket);
      // Stays for the socket's life: an error without a listener would end the process.
      socket.on("error", (error) => onFailed(socket, error)).once("connect", () => onConnected(socket));
      if (waiting.length > 0) cancelTimer = clock.after(ATTEMPT_DELAY_MS, startNext);
    };
    startNext();
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
