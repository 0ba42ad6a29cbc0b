import type { BackoffOptions } from "../base/backoff.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import { CONNECTION_DEFAULTS, type ConnectionLimits } from "../transport/connection-limits.ts";
import type { TlsClientOptions } from "../transport/dialer.ts";
import type { ServerUrl } from "../transport/server-url.ts";
import { STRAIGHT, type WayOut } from "../transport/way-out.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";

/** Everything a client needs to know; complete and frozen before it starts. */
export interface ClientOptions extends ConnectionLimits {
  /** One or more; the first is the favourite. All are the same network: credentials, pins and TAP are for all of them. */
  readonly servers: readonly ServerUrl[];
  /** All servers at once, and whoever answers first; otherwise one after the other. */
  readonly race: boolean;
  readonly way: WayOut;
  /** Parallel connections of the session, 1 to MAX_SESSION_CONNECTIONS; `auto` adds some where one would be slow. */
  readonly connections: number | "auto";
  readonly tls: TlsClientOptions;
  /** Shown until the server gives others. */
  readonly credentials: ClientCredentials | undefined;
  readonly bridge: boolean;
  /** Whether the device's MTU may follow the network's: nobody has chosen it, and no bridge hangs on it. */
  readonly fitMtu: boolean;
  readonly dialects: readonly Dialect[];
  readonly backoff: BackoffOptions;
  /** A connection that lasted this long was a success: the next one is dialed at once. */
  readonly stableAfterMs: number;
  readonly dialTimeoutMs: number;
}

export const CLIENT_DEFAULTS = {
  race: false,
  way: STRAIGHT,
  connections: "auto",
  bridge: false,
  fitMtu: true,
  dialects: ["v2", "v1"],
  backoff: { leastMs: 250, mostMs: 1_000, maxMs: 15_000 },
  stableAfterMs: 5_000,
  dialTimeoutMs: 10_000,
  ...CONNECTION_DEFAULTS,
} as const;
