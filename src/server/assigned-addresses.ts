import { MAX_ADDRESSES } from "../wire/control-message.ts";
import { formatIpAddress, type IpPrefix, prefixHolds } from "../wire/ip-prefix.ts";

/**
 * What a peer's device is to have of the addresses that the policy gives to its user: each with the length of the
 * network's prefix that it is in, so that the whole network is reached, or alone. No more than a message may hold.
 */
export function assignedAddresses(addresses: readonly Uint8Array[], prefixes: readonly IpPrefix[]): string[] {
  return addresses.slice(0, MAX_ADDRESSES).map((bytes) => {
    const home = prefixes.find((prefix) => prefix.bytes.length === bytes.length && prefixHolds(prefix, bytes, 0));
    return `${formatIpAddress(bytes)}/${home?.bits ?? bytes.length * 8}`;
  });
}
