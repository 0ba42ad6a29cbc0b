/**
 * What the headers of one frame say, for those who judge it: Ethernet with up to two VLAN tags, IPv4 (RFC 791), IPv6
 * with its extension headers (RFC 8200), and the ports above. One object is reused for every frame, so that reading
 * allocates nothing; its fields are valid until the next `parse`.
 *
 *     start          network                        transport               packetEnd   end
 *     │ MACs │ tags  │ IP │ options or extensions   │ ports …  │ payload    │ padding   │
 *
 * The reader believes nothing. It follows lengths only as far as the bytes go, and `isWhole` says whether everything
 * down to the ports was there and made sense. Where a receiver could read a frame in another way than we do, the
 * frame is not whole.
 */
import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  isVlanTag,
  MAX_VLAN_TAGS,
  networkHeaderOffset,
  uint16At,
  VLAN_TAG_BYTES,
} from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import {
  IPV4_DESTINATION,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_OFFSET,
  IPV4_MIN_HEADER_BYTES,
  IPV4_MORE_FRAGMENTS,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV4_TOTAL_LENGTH,
  IPV6_DESTINATION,
  IPV6_HEADER_BYTES,
  IPV6_MAX_EXTENSIONS,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  IpProtocol,
  Ipv6Extension,
  ipv4HeaderBytes,
} from "./ip-packet.ts";
import { isSuperFrame, VNET_HEADER_BYTES } from "./vnet-header.ts";

/** Which part of a packet a frame has. An IPv6 atomic fragment (RFC 6946) is a whole packet: `none`. */
export const Fragment = { none: 0, first: 1, later: 2 } as const;
export type Fragment = (typeof Fragment)[keyof typeof Fragment];

/** Source and destination port, or an ICMP message's type, code and checksum: the first four bytes of each. */
const UPPER_LAYER_MIN_BYTES = 4;
const IPV6_MORE_FRAGMENTS = 0x0001;
const IPV6_FRAGMENT_OFFSET = 0xfff8;
/** Every extension header is a multiple of eight bytes, but for the authentication header: of four, from twelve. */
const IPV6_EXTENSION_MIN_BYTES = 8;
const VLAN_ID = 0x0fff;

export class PacketHeaders {
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the first byte of the Ethernet header. */
  start = 0;
  /** Offset behind the last byte of the frame. */
  end = 0;
  /**
   * What is behind at most two VLAN tags; −1 if the frame is cut short before it. Below 0x0600 it is a length (LLC).
   * `EtherType.vlan` or `qinq`: there are more tags, and nobody has looked behind them.
   */
  etherType = -1;
  /**
   * The VLAN the frame belongs to: the id of its outermost tag that has one. 0 for untagged frames. Linux looks behind
   * a priority tag (id 0) for another tag, and so do we.
   */
  vlanId = 0;
  /** Tags seen: 0 to 2. */
  tags = 0;
  /** Offset of the network header; −1 if the frame is cut short before it. */
  network = -1;
  /** 4 or 6; 0 if there is no IP header, or one that is cut short or of another version than the ethertype's. */
  ipVersion = 0;
  /** Offset behind the packet by its own length; `end` without IP, or if that length is a lie. Padding lies behind. */
  packetEnd = 0;
  /** Offset of the 4 or 16 bytes; −1 if `ipVersion` is 0. */
  sourceIp = -1;
  destinationIp = -1;
  /**
   * Number of the upper-layer protocol; −1 if it was not reached. That of a later IPv6 fragment is a claim which
   * receivers ignore: the first fragment's counts.
   */
  protocol = -1;
  /** Offset of the upper-layer header; −1 if it is not in this frame, or its first four bytes (ports, type) are not. */
  transport = -1;
  fragment: Fragment = Fragment.none;
  /** Of TCP, UDP, UDP-Lite, SCTP and DCCP; −1 if unknown. */
  sourcePort = -1;
  destinationPort = -1;
  /**
   * Whether nothing is hidden: IP headers that parse down to the upper-layer header with its ports or ICMP type, in a
   * later fragment down to the fragment's place. Also true of a frame of another ethertype, but not if it is cut
   * short or has more than two tags.
   */
  isWhole = false;
  /** Whether there are many packets in one: each has these addresses and ports, and a piece of the payload. */
  isSuperFrame = false;

  parseFrame({ bytes, start, end, hasVnetHeader }: Frame): void {
    this.parse(bytes, start, end);
    this.isSuperFrame = hasVnetHeader && isSuperFrame(bytes, start - VNET_HEADER_BYTES);
  }

  /** Reads the ordinary frame in [start, end), which lies within `bytes`. */
  parse(bytes: Uint8Array, start: number, end: number): void {
    this.#reset(bytes, start, end);
    this.network = networkHeaderOffset(bytes, start, end);
    if (this.network < 0) return;
    this.etherType = uint16At(bytes, this.network - 2);
    this.#readTags();
    if (this.etherType === EtherType.ipv4) this.#readIpv4();
    else if (this.etherType === EtherType.ipv6) this.#readIpv6();
    else this.isWhole = !isVlanTag(this.etherType);
  }

  #reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.etherType = -1;
    this.vlanId = 0;
    this.tags = 0;
    this.ipVersion = 0;
    this.packetEnd = end;
    this.sourceIp = -1;
    this.destinationIp = -1;
    this.protocol = -1;
    this.transport = -1;
    this.fragment = Fragment.none;
    this.sourcePort = -1;
    this.destinationPort = -1;
    this.isWhole = false;
    this.isSuperFrame = false;
  }

  #readTags(): void {
    const firstTag = this.start + ETHERNET_HEADER_BYTES;
    this.tags = (this.network - firstTag) / VLAN_TAG_BYTES;
    for (let tag = 0; tag < MAX_VLAN_TAGS && tag < this.tags && this.vlanId === 0; tag++) {
      this.vlanId = uint16At(this.bytes, firstTag + tag * VLAN_TAG_BYTES) & VLAN_ID;
    }
  }

  /** Notes version and addresses; false if the header is cut short or of another version. */
  #readAddresses(version: number, headerBytes: number, source: number, destination: number): boolean {
    const at = this.network;
    if (at + headerBytes > this.end || (this.bytes[at] as number) >>> 4 !== version) return false;
    this.ipVersion = version;
    this.sourceIp = at + source;
    this.destinationIp = at + destination;
    return true;
  }

  #readIpv4(): void {
    if (!this.#readAddresses(4, IPV4_MIN_HEADER_BYTES, IPV4_SOURCE, IPV4_DESTINATION)) return;
    const { bytes, network } = this;
    const headerBytes = ipv4HeaderBytes(bytes, network);
    const totalBytes = uint16At(bytes, network + IPV4_TOTAL_LENGTH);
    if (headerBytes < IPV4_MIN_HEADER_BYTES || totalBytes < headerBytes || network + totalBytes > this.end) return;
    this.packetEnd = network + totalBytes;
    const fragment = uint16At(bytes, network + IPV4_FRAGMENT);
    this.fragment = fragmentOf(fragment & IPV4_FRAGMENT_OFFSET, fragment & IPV4_MORE_FRAGMENTS);
    const protocol = bytes[network + IPV4_PROTOCOL] as number;
    if (this.fragment !== Fragment.later) {
      this.#readUpperLayer(protocol, network + headerBytes);
      return;
    }
    this.protocol = protocol;
    this.isWhole = true;
  }

  #readIpv6(): void {
    if (!this.#readAddresses(6, IPV6_HEADER_BYTES, IPV6_SOURCE, IPV6_DESTINATION)) return;
    const extensions = this.network + IPV6_HEADER_BYTES;
    const packetEnd = extensions + uint16At(this.bytes, this.network + IPV6_PAYLOAD_LENGTH);
    if (packetEnd > this.end) return;
    this.packetEnd = packetEnd;
    this.#walkExtensions(this.bytes[this.network + IPV6_NEXT_HEADER] as number, extensions);
  }

  #walkExtensions(firstHeader: number, firstAt: number): void {
    let next = firstHeader;
    let at = firstAt;
    let fragments = 0;
    for (let walked = 0; isIpv6Extension(next); walked++) {
      if (walked === IPV6_MAX_EXTENSIONS || at + IPV6_EXTENSION_MIN_BYTES > this.packetEnd) return;
      if (next === Ipv6Extension.fragment) {
        // Not more than one (RFC 8200 section 4.1): Linux drops fragments of fragments, others may not.
        if (++fragments > 1) return;
        this.#readFragment(at);
      }
      const headerBytes = this.#extensionBytes(next, at);
      next = this.bytes[at] as number;
      at += headerBytes;
      if (this.fragment === Fragment.later) break;
    }
    if (this.fragment === Fragment.later) this.#endAtLaterFragment(next);
    else this.#readUpperLayer(next, at);
  }

  #readFragment(at: number): void {
    const field = uint16At(this.bytes, at + 2);
    this.fragment = fragmentOf(field & IPV6_FRAGMENT_OFFSET, field & IPV6_MORE_FRAGMENTS);
  }

  #extensionBytes(type: number, at: number): number {
    const length = this.bytes[at + 1] as number;
    if (type === Ipv6Extension.fragment) return IPV6_EXTENSION_MIN_BYTES;
    return type === Ipv6Extension.authentication ? (length + 2) << 2 : (length + 1) << 3;
  }

  #endAtLaterFragment(claimed: number): void {
    // Behind an extension header there is the protocol, in a fragment that is not this one.
    if (!isIpv6Extension(claimed)) this.protocol = claimed;
    this.isWhole = true;
  }

  #readUpperLayer(protocol: number, at: number): void {
    if (at > this.packetEnd) return;
    this.protocol = protocol;
    const ported = hasPorts(protocol);
    if ((ported || isIcmp(protocol)) && at + UPPER_LAYER_MIN_BYTES > this.packetEnd) return;
    this.transport = at;
    this.isWhole = true;
    if (!ported) return;
    this.sourcePort = uint16At(this.bytes, at);
    this.destinationPort = uint16At(this.bytes, at + 2);
  }
}

/** Whether headers of the upper-layer protocol begin with two ports. */
function hasPorts(protocol: number): boolean {
  const { tcp, udp, dccp, sctp, udpLite } = IpProtocol;
  return protocol === tcp || protocol === udp || protocol === sctp || protocol === dccp || protocol === udpLite;
}

function isIcmp(protocol: number): boolean {
  return protocol === IpProtocol.icmp || protocol === IpProtocol.icmpv6 || protocol === IpProtocol.igmp;
}

function fragmentOf(offset: number, more: number): Fragment {
  if (offset !== 0) return Fragment.later;
  return more === 0 ? Fragment.none : Fragment.first;
}

function isIpv6Extension(nextHeader: number): boolean {
  switch (nextHeader) {
    case Ipv6Extension.hopByHop:
    case Ipv6Extension.routing:
    case Ipv6Extension.fragment:
    case Ipv6Extension.authentication:
    case Ipv6Extension.destinationOptions:
    case Ipv6Extension.mobility:
    case Ipv6Extension.hostIdentity:
    case Ipv6Extension.shim6:
      return true;
    default:
      return false;
  }
}
