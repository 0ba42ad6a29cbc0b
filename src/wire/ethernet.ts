/**
 * The Ethernet header, with up to two VLAN tags (IEEE 802.3, 802.1Q, 802.1ad). Frames carry no FCS.
 *
 *     0             6             12       14
 *     │ destination │ source      │ type   │ network header …
 *     │ destination │ source      │ 0x8100 │ TCI │ type │ network header …           one tag
 *     │ destination │ source      │ 0x88a8 │ TCI │ 0x8100 │ TCI │ type │ network …   two tags
 */
export const ETHERNET_HEADER_BYTES = 14;

/** Each tag makes the Ethernet header this much longer. */
export const VLAN_TAG_BYTES = 4;
/** The largest frame there can be: a full IPv6 packet (40 + 65535 bytes) behind two VLAN tags. */
export const MAX_FRAME_BYTES = ETHERNET_HEADER_BYTES + 2 * VLAN_TAG_BYTES + 40 + 0xffff;

/** Tags that are looked behind: a service and a customer tag. */
export const MAX_VLAN_TAGS = 2;

/** What a frame carries. Values below 0x0600 are lengths (IEEE 802.3 with LLC), not types. */
export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** Customer VLAN tag (802.1Q). */
  vlan: 0x8100,
  /** Service VLAN tag (802.1ad). */
  qinq: 0x88a8,
  ipv6: 0x86dd,
} as const;

/** Whether a MAC, as its two integers (see mac.ts), is 00:00:00:00:00:00. */
export function isZeroMac(hi: number, lo: number): boolean {
  return hi === 0 && lo === 0;
}

/** Whether a MAC is ff:ff:ff:ff:ff:ff. */
export function isBroadcastMac(hi: number, lo: number): boolean {
  return hi === 0xffff && lo === -1;
}

/**
 * Whether a MAC is multicast by the rule of the C original: only what IPv4 (01:00:5e, RFC 1112) and IPv6
 * (33:33, RFC 2464) map their groups to. It treats other group addresses, such as 01:80:c2, as unicast.
 */
export function isFloodedMulticast(hi: number, lo: number): boolean {
  return hi === 0x3333 || (hi === 0x0100 && lo >>> 24 === 0x5e);
}

/** Whether a MAC is a group address of any kind, broadcast included: the I/G bit, first on the wire. */
export function isGroupMac(hi: number): boolean {
  return (hi & 0x0100) !== 0;
}

/** Unsigned 16-bit integer in network order. The caller has checked the length. */
export function uint16At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/**
 * Offset of the network header (IP, ARP, …) of the frame in [start, end), behind at most two VLAN tags, or −1 if
 * the frame ends inside its Ethernet header. A third tag counts as payload.
 */
export function networkHeaderOffset(bytes: Uint8Array, start: number, end: number): number {
  let network = start + ETHERNET_HEADER_BYTES;
  if (network > end) return -1;
  for (let tags = 0; tags < MAX_VLAN_TAGS && isVlanTag(uint16At(bytes, network - 2)); tags++) {
    network += VLAN_TAG_BYTES;
    if (network > end) return -1;
  }
  return network;
}

/** The ethertype behind at most two VLAN tags, or −1 if the frame ends before it. */
export function etherTypeOf(bytes: Uint8Array, start: number, end: number): number {
  const network = networkHeaderOffset(bytes, start, end);
  return network < 0 ? -1 : uint16At(bytes, network - 2);
}

/** Whether the ethertype says that a VLAN tag follows. */
export function isVlanTag(type: number): boolean {
  return type === EtherType.vlan || type === EtherType.qinq;
}
