/** Offsets in an Ethernet frame without VLAN tag, and what must stand there (RFC 791, RFC 8200, RFC 9293). */
const ETHER_TYPE_AT = 12;
const IP_AT = 14;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_IPV6 = 0x86dd;
const PROTOCOL_TCP = 6;
const IPV4_PROTOCOL_AT = 9;
const IPV6_NEXT_HEADER_AT = 6;
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;

/** Whether a frame is TCP (not a later fragment, no extension headers) from or to this port. */
export function isOfTcpPort(bytes: Uint8Array, start: number, end: number, port: number): boolean {
  const tcpAt = tcpStart(bytes, start, end);
  if (tcpAt === undefined || tcpAt + 4 > end) return false;
  return word(bytes, tcpAt) === port || word(bytes, tcpAt + 2) === port;
}

function tcpStart(bytes: Uint8Array, start: number, end: number): number | undefined {
  const ip = start + IP_AT;
  if (ip + IPV4_HEADER_BYTES > end) return undefined;
  const etherType = word(bytes, start + ETHER_TYPE_AT);
  if (etherType === ETHER_TYPE_IPV6)
    return bytes[ip + IPV6_NEXT_HEADER_AT] === PROTOCOL_TCP ? ip + IPV6_HEADER_BYTES : undefined;
  if (etherType !== ETHER_TYPE_IPV4 || bytes[ip + IPV4_PROTOCOL_AT] !== PROTOCOL_TCP) return undefined;
  return ip + 4 * ((bytes[ip] as number) & 0x0f);
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
