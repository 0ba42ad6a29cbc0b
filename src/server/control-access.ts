import type { Incoming } from "../transport/incoming.ts";
import { type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";

/** Whether the original's control interface answers: to who may connect to a unix socket, and to listed proxies. */
export function mayControl({ origin }: Incoming, trustedProxies: readonly IpPrefix[]): boolean {
  if (origin.kind === "unix") return true;
  const address = parseIpAddress(origin.address);
  return address !== undefined && somePrefixHolds(trustedProxies, address);
}
