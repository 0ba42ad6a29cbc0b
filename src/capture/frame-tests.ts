/**
 * What a filter may ask of a frame, each question made once into a function that allocates nothing. A question about
 * something that the frame does not have is answered with no.
 */
import type { DropReason } from "../base/drop-reason.ts";
import { Drop } from "../base/drop-reason.ts";
import { ARP_SENDER_IP, ARP_TARGET_IP, isIpv4Arp } from "../wire/arp.ts";
import { EtherType, isBroadcastMac, isGroupMac } from "../wire/ethernet.ts";
import { type IpPrefix, prefixHolds } from "../wire/ip-prefix.ts";
import { type Mac, macHi, macLo, macParts } from "../wire/mac.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { PassingFrame } from "./passing-frame.ts";

export type FrameTest = (frame: PassingFrame) => boolean;

/** Which end of a frame is asked about. */
export type End = "source" | "destination" | "either";

const MAC_BYTES = 6;

export const everyFrame: FrameTest = () => true;

export function both(one: FrameTest, other: FrameTest): FrameTest {
  return (frame) => one(frame) && other(frame);
}

export function oneOf(one: FrameTest, other: FrameTest): FrameTest {
  return (frame) => one(frame) || other(frame);
}

export function not(one: FrameTest): FrameTest {
  return (frame) => !one(frame);
}

/** Behind VLAN tags too, two at most. */
export function hasEtherType(etherType: number): FrameTest {
  return ({ headers }) => headers.etherType === etherType;
}

/** Behind IPv6 extension headers too, and in later fragments, as far as they say. */
export function hasProtocol(protocol: number, ipVersion?: number): FrameTest {
  if (ipVersion === undefined) return ({ headers }) => headers.protocol === protocol;
  return ({ headers }) => headers.protocol === protocol && headers.ipVersion === ipVersion;
}

/** Any VLAN if there is no id. */
export function isTagged(vlanId: number | undefined): FrameTest {
  if (vlanId === undefined) return ({ headers }) => headers.tags > 0;
  return ({ headers }) => headers.tags > 0 && headers.vlanId === vlanId;
}

/** An address of the IP packet, or one that an ARP packet asks for or tells of. */
export function hasAddress(end: End, prefix: IpPrefix): FrameTest {
  const isSource: FrameTest = ({ headers }) => holds(prefix, headers, sourceAt(headers));
  const isDestination: FrameTest = ({ headers }) => holds(prefix, headers, destinationAt(headers));
  return atEnd(end, isSource, isDestination);
}

/** From `from` to `to`, both included. Later fragments have no ports. */
export function hasPort(end: End, from: number, to: number): FrameTest {
  const isSource: FrameTest = ({ headers }) => headers.sourcePort >= from && headers.sourcePort <= to;
  const isDestination: FrameTest = ({ headers }) => headers.destinationPort >= from && headers.destinationPort <= to;
  return atEnd(end, isSource, isDestination);
}

export function hasMac(end: End, mac: Mac): FrameTest {
  const { hi, lo } = macParts(mac);
  const isAt = ({ bytes, start, end }: PacketHeaders, offset: number): boolean =>
    start + 2 * MAC_BYTES <= end && macHi(bytes, start + offset) === hi && macLo(bytes, start + offset) === lo;
  return atEnd(
    end,
    ({ headers }) => isAt(headers, MAC_BYTES),
    ({ headers }) => isAt(headers, 0),
  );
}

export const isBroadcast: FrameTest = ({ headers: { bytes, start, end } }) =>
  start + MAC_BYTES <= end && isBroadcastMac(macHi(bytes, start), macLo(bytes, start));

/** Broadcast too, as tcpdump has it. */
export const isMulticast: FrameTest = ({ headers: { bytes, start, end } }) =>
  start + MAC_BYTES <= end && isGroupMac(macHi(bytes, start));

export const isIngress: FrameTest = ({ isEgress }) => !isEgress;
export const isEgress: FrameTest = (frame) => frame.isEgress;

/** For any reason if none is given. */
export function isDropped(reason: DropReason | undefined): FrameTest {
  return reason === undefined ? ({ drop }) => drop !== Drop.none : ({ drop }) => drop === reason;
}

export function isAtMost(bytes: number): FrameTest {
  return (frame) => frame.lengthBytes <= bytes;
}

export function isAtLeast(bytes: number): FrameTest {
  return (frame) => frame.lengthBytes >= bytes;
}

function atEnd(end: End, isSource: FrameTest, isDestination: FrameTest): FrameTest {
  if (end === "source") return isSource;
  return end === "destination" ? isDestination : oneOf(isSource, isDestination);
}

/** Whether there is an address of the prefix's version at `at`, and the prefix holds it. */
function holds(prefix: IpPrefix, headers: PacketHeaders, at: number): boolean {
  return at >= 0 && prefix.version === (headers.ipVersion === 6 ? 6 : 4) && prefixHolds(prefix, headers.bytes, at);
}

function sourceAt(headers: PacketHeaders): number {
  return isArp(headers) ? headers.network + ARP_SENDER_IP : headers.sourceIp;
}

function destinationAt(headers: PacketHeaders): number {
  return isArp(headers) ? headers.network + ARP_TARGET_IP : headers.destinationIp;
}

function isArp({ etherType, bytes, network, end }: PacketHeaders): boolean {
  return etherType === EtherType.arp && isIpv4Arp(bytes, network, end);
}
