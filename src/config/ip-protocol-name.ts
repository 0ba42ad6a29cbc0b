/** IANA's Assigned Internet Protocol Numbers: those that people write into access lists. */
const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  ospf: 89,
  vrrp: 112,
  sctp: 132,
};

/** The protocols whose header starts with two ports. */
const WITH_PORTS: readonly number[] = [6, 17, 132];

export const IP_PROTOCOL_NAMES = Object.keys(IP_PROTOCOLS);

/** Parses `tcp` or a number from 0 to 255; undefined if it is neither. */
export function parseIpProtocol(text: string): number | undefined {
  if (Object.hasOwn(IP_PROTOCOLS, text)) return IP_PROTOCOLS[text];
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  return number <= 255 ? number : undefined;
}

export function formatIpProtocol(protocol: number): string {
  return IP_PROTOCOL_NAMES.find((name) => IP_PROTOCOLS[name] === protocol) ?? `protocol ${protocol}`;
}

export function hasPorts(protocol: number): boolean {
  return WITH_PORTS.includes(protocol);
}
