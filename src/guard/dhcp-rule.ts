import { Drop, type DropReason } from "../base/drop-reason.ts";
import {
  DHCP_CHADDR,
  DHCP_CIADDR,
  DHCP_YIADDR,
  DhcpMessage,
  DhcpOption,
  DhcpPort,
  dhcpLeaseSeconds,
  dhcpMessageType,
  dhcpOptionAt,
  hasEthernetChaddr,
  hasReadableDhcpOptions,
  isDhcpReply,
  isDhcpv6Reply,
} from "../wire/dhcp.ts";
import { Fragment, type PacketHeaders } from "../wire/packet-headers.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { Bindings } from "./bindings.ts";
import { isNeverASource, isSourceMac, isUnspecified } from "./ip-source.ts";

/** Options of RFC 2132, sections 9.3 and 9.14. */
const OPTION_OVERLOAD = 52;
const OPTION_CLIENT_ID = 61;
/** A client identifier that is a hardware type (1: Ethernet) and an address. */
const MAC_CLIENT_ID_BYTES = 7;
const HARDWARE_ETHERNET = 1;

/** RFC 768. */
const UDP_HEADER_BYTES = 8;

export interface DhcpRuleOptions {
  /** Whether clients behind the port have MACs of their own. */
  readonly bridge: boolean;
}

/**
 * DHCP (RFC 2131) and DHCPv6 (RFC 8415). Everything it drops has the reason `rogue-dhcp`:
 *
 * - What a client would take for a server's: datagrams to a client's port, wherever they come from, because clients do
 *   not look at the source port; and replies to a relay, on the server's port.
 * - A client's message in the name of a MAC that is not the frame's, from a port with one host: one peer that is many
 *   clients would use up the server's addresses, and one that is another client would get that one's. The name is the
 *   hardware address, or the client identifier if that is one: servers look there first.
 * - RELEASE and DECLINE of an address that is another's: the server would give it away.
 * - A client's message whose type is not to be found, or that has options where we do not look, or that is in pieces:
 *   it could be these. Clients' messages are small.
 *
 * Leases are learned from what servers acknowledge. Those of DHCPv6 are not: neighbour discovery binds its addresses.
 */
export class DhcpRule {
  readonly #bindings: Bindings;
  readonly #holder: AddressHolder;
  readonly #isBridge: boolean;

  constructor(bindings: Bindings, holder: AddressHolder, options: DhcpRuleOptions) {
    this.#bindings = bindings;
    this.#holder = holder;
    this.#isBridge = options.bridge;
  }

  /** Judges a UDP datagram of a port that is no server's. */
  inspect(headers: PacketHeaders, nowMs: number): DropReason {
    const to = headers.destinationPort;
    if (headers.ipVersion === 6) return isRogueV6(headers) ? Drop.rogueDhcp : Drop.none;
    if (to === DhcpPort.client) return Drop.rogueDhcp;
    if (to !== DhcpPort.server) return Drop.none;
    return this.#isHonestClient(headers, nowMs) ? Drop.none : Drop.rogueDhcp;
  }

  /** Learns from a UDP datagram of a port that may be a DHCP server: an acknowledged lease binds its address. */
  observe(headers: PacketHeaders, nowMs: number): void {
    if (headers.ipVersion !== 4 || headers.destinationPort !== DhcpPort.client) return;
    const { bytes, packetEnd } = headers;
    const at = messageOf(headers);
    if (!isDhcpReply(bytes, at, packetEnd) || !hasEthernetChaddr(bytes, at, packetEnd)) return;
    if (dhcpMessageType(bytes, at, packetEnd) !== DhcpMessage.ack) return;
    const leaseSeconds = dhcpLeaseSeconds(bytes, at, packetEnd);
    const address = at + DHCP_YIADDR;
    // The answer to an INFORM has neither address nor lease.
    if (leaseSeconds <= 0 || isUnspecified(4, bytes, address) || isNeverASource(4, bytes, address)) return;
    this.#bindings.lease(this.#holder, headers, address, at + DHCP_CHADDR, leaseSeconds * 1000, nowMs);
  }

  #isHonestClient(headers: PacketHeaders, nowMs: number): boolean {
    const { bytes, packetEnd } = headers;
    const at = messageOf(headers);
    if (at >= packetEnd || isInPieces(headers) || isDhcpReply(bytes, at, packetEnd)) return false;
    if (!hasReadableDhcpOptions(bytes, at, packetEnd)) return false;
    if (!this.#isBridge && !isInOwnName(headers, at)) return false;
    const type = dhcpMessageType(bytes, at, packetEnd);
    if (type < 0 || dhcpOptionAt(bytes, at, packetEnd, OPTION_OVERLOAD, 1) >= 0) return false;
    if (type !== DhcpMessage.release && type !== DhcpMessage.decline) return true;
    const given = givenBack(type, bytes, at, packetEnd);
    if (given < 0) return false;
    if (!this.#bindings.use(this.#holder, headers, 4, given, nowMs)) return false;
    this.#bindings.endLease(this.#holder, headers, given);
    return true;
  }
}

function isRogueV6(headers: PacketHeaders): boolean {
  const to = headers.destinationPort;
  if (to === DhcpPort.v6Client) return true;
  if (to !== DhcpPort.v6Server) return false;
  const at = messageOf(headers);
  return at >= headers.packetEnd || isInPieces(headers) || isDhcpv6Reply(headers.bytes, at, headers.packetEnd);
}

/** Whether there is more of the message, or there are more messages, than what can be judged here. */
function isInPieces({ fragment, isSuperFrame }: PacketHeaders): boolean {
  return fragment !== Fragment.none || isSuperFrame;
}

function messageOf({ transport }: PacketHeaders): number {
  return transport + UDP_HEADER_BYTES;
}

/** Whether a client's message names the MAC that the frame comes from. Identifiers of other kinds nobody can check. */
function isInOwnName(headers: PacketHeaders, at: number): boolean {
  const { bytes, packetEnd } = headers;
  if (!hasEthernetChaddr(bytes, at, packetEnd) || !isSourceMac(headers, at + DHCP_CHADDR)) return false;
  const id = dhcpOptionAt(bytes, at, packetEnd, OPTION_CLIENT_ID, MAC_CLIENT_ID_BYTES);
  return id < 0 || bytes[id] !== HARDWARE_ETHERNET || isSourceMac(headers, id + 1);
}

/** Offset of the address that a RELEASE or DECLINE gives back; −1 if it is missing. */
function givenBack(type: number, bytes: Uint8Array, at: number, end: number): number {
  return type === DhcpMessage.release ? at + DHCP_CIADDR : dhcpOptionAt(bytes, at, end, DhcpOption.requestedAddress, 4);
}
