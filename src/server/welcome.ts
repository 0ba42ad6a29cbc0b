import { AGENT } from "../base/version.ts";
import type { PortRules } from "../switch/port-rules.ts";
import type { WelcomeMessage } from "../wire/control-message.ts";
import { OFFLOAD_ALL } from "../wire/offload.ts";
import { MAX_SESSION_CONNECTIONS } from "../wire/session-claim.ts";
import { assignedAddresses } from "./assigned-addresses.ts";
import type { NetworkDefinition } from "./network.ts";
import type { ServerOptions } from "./server-options.ts";

/**
 * The answer to a client's hello. `token` is its session's; undefined for a client that cannot come back by it.
 * `congestion`: of our end of the connection that it is sent by.
 */
export function welcomeTo(
  congestion: string | undefined,
  token: string | undefined,
  { addresses }: Pick<PortRules, "addresses">,
  { mtu, prefixes }: Pick<NetworkDefinition, "mtu" | "prefixes">,
  { maxMessageBytes, holdMs }: Pick<ServerOptions, "maxMessageBytes" | "holdMs">,
): WelcomeMessage {
  return {
    kind: "welcome",
    agent: AGENT,
    mtu,
    // We take every kind of super-frame: what another port cannot take is segmented here.
    offloads: OFFLOAD_ALL,
    maxMessageBytes,
    echo: true,
    ...(congestion === undefined ? {} : { congestion }),
    addresses: assignedAddresses(addresses, prefixes),
    ...(token === undefined ? {} : { session: { token, holdMs, maxConnections: MAX_SESSION_CONNECTIONS } }),
  };
}
