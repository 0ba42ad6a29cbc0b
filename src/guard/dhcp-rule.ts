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
  isDhcpReply,
  isDhcpv6Reply,
} from "../wire/dhcp.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { Bindings } from "./bindings.ts";
import { isNeverASource, isSourceMac, isUnspecified } from "./ip-source.ts";

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
 *   clients would use up the server's addresses.
 * - RELEASE and DECLINE of an address that is another's: the server would give it away.
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
    // A message whose first bytes are in another fragment could be a reply.
    if (at >= packetEnd || isDhcpReply(bytes, at, packetEnd)) return false;
    if (!this.#isBridge) {
      if (!hasEthernetChaddr(bytes, at, packetEnd) || !isSourceMac(headers, at + DHCP_CHADDR)) return false;
    }
    const given = givenBack(bytes, at, packetEnd);
    if (given < 0) return true;
    if (!this.#bindings.use(this.#holder, headers, 4, given, nowMs)) return false;
    this.#bindings.endLease(this.#holder, headers, given);
    return true;
  }
}

function isRogueV6(headers: PacketHeaders): boolean {
  const to = headers.destinationPort;
  if (to === DhcpPort.v6Client) return true;
  const at = messageOf(headers);
  return to === DhcpPort.v6Server && (at >= headers.packetEnd || isDhcpv6Reply(headers.bytes, at, headers.packetEnd));
}

function messageOf({ transport }: PacketHeaders): number {
  return transport + UDP_HEADER_BYTES;
}

/** Offset of the address that a RELEASE or DECLINE gives back; −1 for other messages. */
function givenBack(bytes: Uint8Array, at: number, end: number): number {
  const type = dhcpMessageType(bytes, at, end);
  if (type === DhcpMessage.release) return at + DHCP_CIADDR;
  return type === DhcpMessage.decline ? dhcpOptionAt(bytes, at, end, DhcpOption.requestedAddress, 4) : -1;
}
