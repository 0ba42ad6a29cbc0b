import { EtherType } from "../wire/ethernet.ts";

/** By the names of the IANA and IEEE registries, in lower case. */
const ETHER_TYPES: Readonly<Record<string, number>> = {
  ipv4: EtherType.ipv4,
  arp: EtherType.arp,
  ipv6: EtherType.ipv6,
  lldp: 0x88cc,
  eapol: 0x888e,
  "pppoe-discovery": 0x8863,
  "pppoe-session": 0x8864,
  mpls: 0x8847,
  ptp: 0x88f7,
  macsec: 0x88e5,
  /** Values below 0x0600 are lengths: all such frames are one kind, IEEE 802.3 with LLC, and 0 stands for it. */
  llc: 0,
};

export const ETHER_TYPE_NAMES = Object.keys(ETHER_TYPES);

/** Parses `ipv4`, `0x88cc` or a decimal number; undefined if it is no ethertype. */
export function parseEtherType(text: string): number | undefined {
  if (Object.hasOwn(ETHER_TYPES, text)) return ETHER_TYPES[text];
  const number = /^(?:0x[0-9a-f]{1,4}|\d{1,5})$/i.test(text) ? Number(text) : -1;
  return number >= 0x0600 && number <= 0xffff ? number : undefined;
}

export function formatEtherType(etherType: number): string {
  const known = ETHER_TYPE_NAMES.find((name) => ETHER_TYPES[name] === etherType);
  return known ?? `0x${etherType.toString(16).padStart(4, "0")}`;
}
