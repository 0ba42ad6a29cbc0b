import type { Incoming } from "../transport/incoming.ts";
import { type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import type { Refused } from "./admission.ts";

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
