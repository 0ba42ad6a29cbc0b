import { parseIpAddress } from "../wire/ip-prefix.ts";

export interface CensusOptions {
  /** Accepted and not closed, of all listeners together. */
  readonly maxConnections: number;
  /** The same from one address. */
  readonly maxConnectionsPerAddress: number;
  /** From one address, and not finished with their handshake. */
  readonly maxPendingPerAddress: number;
}

/**
 * 8192 is 4096 peers, 1024 handshakes at each of two listeners and as many refused ones that read their answer. 256 and
 * 64 from one address are an office behind one IPv4 address that comes back all at once.
 */
export const CENSUS_DEFAULTS: CensusOptions = Object.freeze({
  maxConnections: 8_192,
  maxConnectionsPerAddress: 256,
  maxPendingPerAddress: 64,
});

export type CensusRefusal = "too-many" | "too-many-from-address";

/** A counted connection; both calls are idempotent. */
export interface Place {
  /** Whether half of the places of all, or of its source, are taken: then one is enough for everybody. */
  readonly isCrowded: boolean;
  /** Its handshake is over. */
  settle(): void;
  /** It is closed. */
  leave(): void;
}

interface Tally {
  connections: number;
  pending: number;
}

/**
 * How many connections there are, in all and from each source, so that no stranger has them all. A source is in the
 * table as long as it has a connection, so the table is no larger than `maxConnections`.
 */
export class ConnectionCensus {
  readonly #options: CensusOptions;
  readonly #bySource = new Map<string, Tally>();
  #connections = 0;

  constructor(options: CensusOptions) {
    this.#options = options;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Sources that have a connection. */
  get sources(): number {
    return this.#bySource.size;
  }

  /** Counts a connection in, or says why there is no room. Without a source it counts only towards all. */
  enter(source: string | undefined): Place | CensusRefusal {
    const { maxConnections, maxConnectionsPerAddress, maxPendingPerAddress } = this.#options;
    const tally = source === undefined ? undefined : this.#bySource.get(source);
    const { connections = 0, pending = 0 } = tally ?? {};
    if (connections >= maxConnectionsPerAddress || pending >= maxPendingPerAddress) return "too-many-from-address";
    if (this.#connections >= maxConnections) return "too-many";
    this.#connections++;
    return source === undefined ? this.#placeIn(undefined, "") : this.#placeIn(tally ?? this.#begin(source), source);
  }

  #begin(source: string): Tally {
    const tally = { connections: 0, pending: 0 };
    this.#bySource.set(source, tally);
    return tally;
  }

  #placeIn(tally: Tally | undefined, source: string): Place {
    let state: "pending" | "settled" | "left" = "pending";
    if (tally !== undefined) {
      tally.connections++;
      tally.pending++;
    }
    const isCrowded = (): boolean => this.#isCrowded(tally);
    const settle = (): void => {
      if (state !== "pending") return;
      state = "settled";
      if (tally !== undefined) tally.pending--;
    };
    const leave = (): void => {
      settle();
      if (state === "left") return;
      state = "left";
      this.#connections--;
      if (tally === undefined) return;
      tally.connections--;
      if (tally.connections === 0) this.#bySource.delete(source);
    };
    return {
      settle,
      leave,
      get isCrowded() {
        return isCrowded();
      },
    };
  }

  #isCrowded(tally: Tally | undefined): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#options;
    return 2 * this.#connections > maxConnections || 2 * (tally?.connections ?? 0) > maxConnectionsPerAddress;
  }
}

/** A provider gives each customer a /64 at least, so that is one source (RFC 6177). */
const IPV6_SOURCE_BYTES = 8;

/** What an IP address is counted as: itself, or for IPv6 its /64. */
export function sourceOf(address: string): string {
  const bytes = parseIpAddress(address);
  if (bytes === undefined || bytes.length === 4) return bytes?.join(".") ?? address;
  return Buffer.from(bytes.subarray(0, IPV6_SOURCE_BYTES)).toString("hex");
}
