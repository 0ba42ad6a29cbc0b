import { kickSchema, type Operator } from "../control/action.ts";
import type { Incoming } from "../transport/incoming.ts";
import { type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import type { Refused } from "./admission.ts";
import type { ServerControl } from "./server-control.ts";

/** Who acts where the web server names nobody. */
const WEB_SERVER = "web server";

/**
 * Why the original's control interface does not answer: it does to who may connect to a unix socket, and to listed
 * proxies. Undefined if it does.
 */
export function controlRefusal({ origin }: Incoming, trustedProxies: readonly IpPrefix[]): Refused | undefined {
  if (origin.kind === "unix") return undefined;
  const address = parseIpAddress(origin.address);
  if (address !== undefined && somePrefixHolds(trustedProxies, address)) return undefined;
  const message = "The control interface is for the web server only.";
  const why = { status: 403, reason: "no-control", message } as const;
  return { state: "refused", ...why, headers: [], user: undefined, address: origin.address };
}

/** Closes peers for who asks the original's control interface to; false if there is none with that id. */
export function killerFor({ word }: Incoming, control: Pick<ServerControl, "performNow">): (id: string) => boolean {
  const operator: Operator = { name: word.user || WEB_SERVER, role: "admin", address: word.address };
  return (peer) => control.performNow(operator, { kind: "kick", peer, ...kickSchema.parse({}) }).state === "done";
}
