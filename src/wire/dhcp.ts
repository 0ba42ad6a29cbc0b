/**
 * DHCP for IPv4 (RFC 2131, options RFC 2132). Offsets are into the UDP payload.
 *
 *     0    1       2      3      4     8       10      12       16       20       24       28
 *     │ op │ htype │ hlen │ hops │ xid │ secs │ flags │ ciaddr │ yiaddr │ siaddr │ giaddr │ chaddr (16) │
 *     44           108         236            240
 *     │ sname (64) │ file (128) │ 0x63825363   │ options: code, length, value …, 255
 *
 * Of DHCPv6 (RFC 8415) only the first byte of a message is read, its type.
 */
import { uint16At } from "./ethernet.ts";

/** UDP ports. Replies go to the client's; a server or relay answers a relay on its own. */
export const DhcpPort = { server: 67, client: 68, v6Client: 546, v6Server: 547 } as const;

export const DHCP_CIADDR = 12;
export const DHCP_YIADDR = 16;
export const DHCP_CHADDR = 28;
const DHCP_HTYPE = 1;
const DHCP_HLEN = 2;
/** What has to be there to compare a client's hardware address: the fields up to its sixth byte. */
const CHADDR_END = DHCP_CHADDR + 6;
const DHCP_COOKIE = 236;
const DHCP_OPTIONS = 240;
const OP_REPLY = 2;
const HARDWARE_ETHERNET = 1;
/** Messages have a dozen options; more are not walked. */
const MAX_OPTIONS = 64;
const OPTION_PAD = 0;
const OPTION_END = 255;

export const DhcpMessage = { decline: 4, ack: 5, release: 7 } as const;
export const DhcpOption = { requestedAddress: 50, leaseSeconds: 51, messageType: 53 } as const;

/** Whether the message in [at, end) says that it comes from a server (BOOTREPLY). */
export function isDhcpReply(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && bytes[at] === OP_REPLY;
}

/** Whether [at, end) holds the fields that say whose message it is, and these are an Ethernet address. */
export function hasEthernetChaddr(bytes: Uint8Array, at: number, end: number): boolean {
  return at + CHADDR_END <= end && bytes[at + DHCP_HTYPE] === HARDWARE_ETHERNET && bytes[at + DHCP_HLEN] === 6;
}

/**
 * Offset of the value of the option `code` if it is there and `valueBytes` long, or −1. Options that overflow into the
 * fields sname and file (RFC 2132 section 9.3) are not looked for.
 */
export function dhcpOptionAt(bytes: Uint8Array, at: number, end: number, code: number, valueBytes: number): number {
  const option = optionAt(bytes, at, end, code);
  return option >= 0 && bytes[option + 1] === valueBytes ? option + 2 : -1;
}

/** Whether the options can be read up to their end mark (RFC 2132 section 3.2), so that none of them is hidden. */
export function hasReadableDhcpOptions(bytes: Uint8Array, at: number, end: number): boolean {
  return optionAt(bytes, at, end, OPTION_END) >= 0;
}

/** Offset of the first option `code`, which is whole, or of the end mark; −1 if it is not found. */
function optionAt(bytes: Uint8Array, at: number, end: number, code: number): number {
  if (at + DHCP_OPTIONS > end || !hasCookie(bytes, at)) return -1;
  let option = at + DHCP_OPTIONS;
  for (let walked = 0; walked < MAX_OPTIONS && option < end; walked++) {
    if (bytes[option] === OPTION_PAD) {
      option++;
      continue;
    }
    if (bytes[option] === OPTION_END) return code === OPTION_END ? option : -1;
    if (option + 2 > end) return -1;
    const length = bytes[option + 1] as number;
    if (option + 2 + length > end) return -1;
    if (bytes[option] === code) return option;
    option += 2 + length;
  }
  return -1;
}

/** The message type of option 53, or −1. */
export function dhcpMessageType(bytes: Uint8Array, at: number, end: number): number {
  const value = dhcpOptionAt(bytes, at, end, DhcpOption.messageType, 1);
  return value < 0 ? -1 : (bytes[value] as number);
}

/** The lease time of option 51 in seconds, at most 2^32 − 1 (for ever), or −1. */
export function dhcpLeaseSeconds(bytes: Uint8Array, at: number, end: number): number {
  const value = dhcpOptionAt(bytes, at, end, DhcpOption.leaseSeconds, 4);
  return value < 0 ? -1 : uint16At(bytes, value) * 0x1_0000 + uint16At(bytes, value + 2);
}

/**
 * Whether the DHCPv6 message in [at, end) is of a kind that only servers and relays send downwards: ADVERTISE (2),
 * REPLY (7), RECONFIGURE (10), RELAY-REPL (13).
 */
export function isDhcpv6Reply(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return false;
  const type = bytes[at];
  return type === 2 || type === 7 || type === 10 || type === 13;
}

function hasCookie(bytes: Uint8Array, at: number): boolean {
  return uint16At(bytes, at + DHCP_COOKIE) === 0x6382 && uint16At(bytes, at + DHCP_COOKIE + 2) === 0x5363;
}
