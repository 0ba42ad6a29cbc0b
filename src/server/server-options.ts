import { CONNECTION_DEFAULTS, type ConnectionLimits } from "../transport/connection-limits.ts";

/** Everything a server needs to know beyond its networks and access; complete and frozen before it starts. */
export interface ServerOptions extends ConnectionLimits {
  readonly maxPeers: number;
  /** How long a session is held for a client that has no connection left. */
  readonly holdMs: number;
}

export const SERVER_DEFAULTS = {
  maxPeers: 4096,
  /** A tunnel, a change of network: by then a client has dialed a dozen times. */
  holdMs: 20_000,
  ...CONNECTION_DEFAULTS,
} as const;
