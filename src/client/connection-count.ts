import type { WelcomeMessage } from "../wire/control-message.ts";
import type { ClientOptions } from "./client-options.ts";

/** What is known of the session's first connection when it is welcomed. */
export interface FirstConnection {
  readonly roundTripMs: number | undefined;
  /** Of our end; undefined if it is not known. */
  readonly congestion: string | undefined;
}

/** Below this a loss is mended before anybody notices, and one connection is the fastest. */
const NEAR_MS = 10;

/** With cubic at 1 % loss four carry three times what one does; more take an unfair share of a line with others. */
const FAR_CONNECTIONS = 4;

/** How many connections the session should have, as far as the server allows. */
export function connectionCount(
  setting: ClientOptions["connections"],
  welcome: WelcomeMessage | undefined,
  { roundTripMs, congestion }: FirstConnection,
): number {
  const most = welcome?.session?.maxConnections ?? 1;
  if (setting !== "auto") return Math.min(setting, most);
  const isNear = roundTripMs !== undefined && roundTripMs < NEAR_MS;
  // BBR does not take a lost packet for a full line.
  const isBbr = congestion === "bbr" && welcome?.congestion === "bbr";
  return isNear || isBbr ? 1 : Math.min(FAR_CONNECTIONS, most);
}
