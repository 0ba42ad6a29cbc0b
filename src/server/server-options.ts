import { CONNECTION_DEFAULTS, type ConnectionLimits } from "../transport/connection-limits.ts";

/** Everything a server needs to know beyond its networks and access; complete and frozen before it starts. */
export interface ServerOptions extends ConnectionLimits {
  readonly maxPeers: number;
}

export const SERVER_DEFAULTS = {
  maxPeers: 4096,
  ...CONNECTION_DEFAULTS,
} as const;
