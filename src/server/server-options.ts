import { CONNECTION_DEFAULTS, type ConnectionLimits } from "../transport/websocket-connection.ts";

/** Everything a server needs to know; complete and frozen before it starts. */
export interface ServerOptions extends ConnectionLimits {
  /** Whether unknown unicast goes to the server's own TAP. */
  readonly bridge: boolean;
  readonly floodBroadcast: boolean;
  readonly floodMulticast: boolean;
  readonly maxPeers: number;
  /** Told to every v2 peer. */
  readonly mtu: number;
}

export const SERVER_DEFAULTS = {
  bridge: false,
  floodBroadcast: true,
  floodMulticast: true,
  maxPeers: 4096,
  mtu: 1500,
  ...CONNECTION_DEFAULTS,
} as const;
