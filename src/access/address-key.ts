import { formatIpAddress, parseIpAddress } from "../wire/ip-prefix.ts";

/** The key of requests whose address nobody knows. */
export const UNKNOWN_ADDRESS = "";

/** Whose requests are counted together: an IPv4 address, the /64 of an IPv6 one (a subscriber has at least that), or unknown. */
export function addressKey(address: string): string {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) return UNKNOWN_ADDRESS;
  return formatIpAddress(bytes.length === 4 ? bytes : bytes.fill(0, 8));
}
