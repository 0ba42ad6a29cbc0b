/**
 * The answer to a packet that is too large for where it is to go: ICMPv4 "fragmentation needed and DF set" (RFC 792,
 * RFC 1191 section 4) and ICMPv6 "packet too big" (RFC 4443 section 3.2). It comes from the address the packet was for,
 * as a switch has none, and quotes the packet.
 *
 *     Ethernet header, VLAN tags │ IP header │ 3 │ 4 │ checksum │ 0 (2) │ MTU (2) │ the packet, 576 bytes in all at most
 *     as in the frame,           │           │ 2 │ 0 │ checksum │ MTU (4)         │ the packet, 1280 bytes in all at most
 *     addresses swapped          │           │ type, code
 */
import { finishSum, setIpv4Checksum, sumBytes } from "./checksum.ts";
import { copyBytes } from "./copy.ts";
import { ETHERNET_HEADER_BYTES, isGroupMac, MAX_VLAN_TAGS, uint16At, VLAN_TAG_BYTES } from "./ethernet.ts";
import { Frame } from "./frame.ts";
import {
  IPV4_DESTINATION,
  IPV4_DONT_FRAGMENT,
  IPV4_FRAGMENT,
  IPV4_MIN_HEADER_BYTES,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV4_TIME_TO_LIVE,
  IPV4_TOTAL_LENGTH,
  IPV4_TYPE_OF_SERVICE,
  IPV6_DESTINATION,
  IPV6_HEADER_BYTES,
  IPV6_HOP_LIMIT,
  IPV6_MIN_MTU,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  IpProtocol,
} from "./ip-packet.ts";
import { Fragment, PacketHeaders } from "./packet-headers.ts";

const ICMP_HEADER_BYTES = 8;
const ICMP_CHECKSUM = 2;
const ICMPV4_NEXT_HOP_MTU = 6;
const ICMPV6_MTU = 4;
const ICMPV4_UNREACHABLE = 3;
const ICMPV4_FRAGMENTATION_NEEDED = 4;
const ICMPV6_PACKET_TOO_BIG = 2;
/** ICMPv6 messages below are errors (RFC 4443 section 2.1). */
const ICMPV6_FIRST_INFORMATION = 128;
const ICMPV6_REDIRECT = 137;

/** As long as every host takes it (RFC 1812 section 4.3.2.3). */
const ICMPV4_MAX_BYTES = 576;
/** Internetwork control (RFC 1812 section 4.3.2.5). */
const CONTROL_PRECEDENCE = 0xc0;
const HOPS = 64;
const MAX_HEADER_BYTES = ETHERNET_HEADER_BYTES + MAX_VLAN_TAGS * VLAN_TAG_BYTES;

/** Makes one answer at a time, in memory of its own. */
export class TooBigAnswer {
  /** The answer, valid until the next one is made: an ordinary frame without a virtio-net header. */
  readonly frame: Frame;
  readonly #bytes = new Uint8Array(MAX_HEADER_BYTES + IPV6_MIN_MTU);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #headers = new PacketHeaders();

  constructor() {
    this.frame = new Frame(this.#bytes);
  }

  /**
   * Answers the packet in a frame that only `mtu` bytes of it would have passed. False if such a packet gets no answer:
   * what may be fragmented, errors, later fragments, to or from a group, from nobody (RFC 1122 section 3.2.2, RFC 4443
   * section 2.4), and what could not be read to the end.
   */
  make(frame: Frame, mtu: number): boolean {
    const headers = this.#headers;
    headers.parseFrame(frame);
    if (!headers.isWhole || headers.ipVersion === 0 || headers.fragment === Fragment.later) return false;
    if (isGroupMac(uint16At(frame.bytes, frame.start)) || isGroupMac(uint16At(frame.bytes, frame.start + 6))) {
      return false;
    }
    const isAnswered = headers.ipVersion === 4 ? isAnsweredIpv4(headers) : isAnsweredIpv6(headers);
    if (isAnswered) this.#make(mtu);
    return isAnswered;
  }

  #make(mtu: number): void {
    const { bytes, start, network, ipVersion } = this.#headers;
    const ip = network - start;
    // Destination and source, swapped; then the tags and the ethertype.
    copyBytes(bytes, start + 6, start + 12, this.#bytes, 0);
    copyBytes(bytes, start, start + 6, this.#bytes, 6);
    copyBytes(bytes, start + 12, network, this.#bytes, 12);
    const end = ipVersion === 4 ? this.#makeIpv4(ip, mtu) : this.#makeIpv6(ip, Math.max(mtu, IPV6_MIN_MTU));
    this.frame.set(this.#bytes, 0, end, false);
  }

  #makeIpv4(ip: number, mtu: number): number {
    const view = this.#view;
    const { bytes, sourceIp, destinationIp } = this.#headers;
    const icmp = ip + IPV4_MIN_HEADER_BYTES;
    const end = this.#quote(icmp + ICMP_HEADER_BYTES, ip + ICMPV4_MAX_BYTES);
    this.#bytes.fill(0, ip, icmp + ICMP_HEADER_BYTES);
    view.setUint8(ip, 0x45);
    view.setUint8(ip + IPV4_TYPE_OF_SERVICE, CONTROL_PRECEDENCE);
    view.setUint16(ip + IPV4_TOTAL_LENGTH, end - ip);
    view.setUint16(ip + IPV4_FRAGMENT, IPV4_DONT_FRAGMENT);
    view.setUint8(ip + IPV4_TIME_TO_LIVE, HOPS);
    view.setUint8(ip + IPV4_PROTOCOL, IpProtocol.icmp);
    copyBytes(bytes, destinationIp, destinationIp + 4, this.#bytes, ip + IPV4_SOURCE);
    copyBytes(bytes, sourceIp, sourceIp + 4, this.#bytes, ip + IPV4_DESTINATION);
    setIpv4Checksum(view, ip, icmp);
    view.setUint8(icmp, ICMPV4_UNREACHABLE);
    view.setUint8(icmp + 1, ICMPV4_FRAGMENTATION_NEEDED);
    view.setUint16(icmp + ICMPV4_NEXT_HOP_MTU, mtu);
    view.setUint16(icmp + ICMP_CHECKSUM, finishSum(sumBytes(view, icmp, end, 0)));
    return end;
  }

  #makeIpv6(ip: number, mtu: number): number {
    const view = this.#view;
    const { bytes, sourceIp, destinationIp } = this.#headers;
    const icmp = ip + IPV6_HEADER_BYTES;
    const end = this.#quote(icmp + ICMP_HEADER_BYTES, ip + IPV6_MIN_MTU);
    this.#bytes.fill(0, ip, icmp + ICMP_HEADER_BYTES);
    view.setUint8(ip, 0x60);
    view.setUint16(ip + IPV6_PAYLOAD_LENGTH, end - icmp);
    view.setUint8(ip + IPV6_NEXT_HEADER, IpProtocol.icmpv6);
    view.setUint8(ip + IPV6_HOP_LIMIT, HOPS);
    copyBytes(bytes, destinationIp, destinationIp + 16, this.#bytes, ip + IPV6_SOURCE);
    copyBytes(bytes, sourceIp, sourceIp + 16, this.#bytes, ip + IPV6_DESTINATION);
    view.setUint8(icmp, ICMPV6_PACKET_TOO_BIG);
    view.setUint32(icmp + ICMPV6_MTU, mtu);
    // The pseudo-header: both addresses, the length and the protocol (RFC 8200 section 8.1).
    const pseudo = sumBytes(view, ip + IPV6_SOURCE, icmp, end - icmp + IpProtocol.icmpv6);
    view.setUint16(icmp + ICMP_CHECKSUM, finishSum(sumBytes(view, icmp, end, pseudo)));
    return end;
  }

  /** Copies as much of the packet as there is room for below `limit`; returns where it ends. */
  #quote(at: number, limit: number): number {
    const { bytes, network, packetEnd } = this.#headers;
    const quotedBytes = Math.min(packetEnd - network, limit - at);
    copyBytes(bytes, network, network + quotedBytes, this.#bytes, at);
    return at + quotedBytes;
  }
}

function isAnsweredIpv4({ bytes, network, protocol, transport, sourceIp, destinationIp }: PacketHeaders): boolean {
  if ((uint16At(bytes, network + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT) === 0) return false;
  if (protocol === IpProtocol.icmp && isIcmpv4Error(bytes[transport] as number)) return false;
  return isOneIpv4Host(bytes[sourceIp] as number) && isOneIpv4Host(bytes[destinationIp] as number);
}

/** Unreachable, quench, redirect, time exceeded, parameter problem. */
function isIcmpv4Error(type: number): boolean {
  return (type >= 3 && type <= 5) || type === 11 || type === 12;
}

/** By the first byte: neither "this network", nor loopback, a group or reserved (RFC 1122 section 3.2.1.3). */
function isOneIpv4Host(first: number): boolean {
  return first !== 0 && first !== 127 && first < 224;
}

function isAnsweredIpv6({ bytes, protocol, transport, sourceIp, destinationIp }: PacketHeaders): boolean {
  if (protocol === IpProtocol.icmpv6 && isIcmpv6Error(bytes[transport] as number)) return false;
  return isOneIpv6Host(bytes, sourceIp) && isOneIpv6Host(bytes, destinationIp);
}

function isIcmpv6Error(type: number): boolean {
  return type < ICMPV6_FIRST_INFORMATION || type === ICMPV6_REDIRECT;
}

/** Neither a group (RFC 4291 section 2.7), nor the unspecified or the loopback address (2.5.2, 2.5.3). */
function isOneIpv6Host(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  for (let i = at; i < at + 15; i++) if (bytes[i] !== 0) return true;
  return (bytes[at + 15] as number) > 1;
}
