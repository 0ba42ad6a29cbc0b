import { Drop, type DropReason } from "../base/drop-reason.ts";
import { EtherType } from "../wire/ethernet.ts";
import { IpProtocol } from "../wire/ip-packet.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { AddressHolder } from "./address-holder.ts";
import { ArpRule } from "./arp-rule.ts";
import type { Bindings } from "./bindings.ts";
import { DhcpRule } from "./dhcp-rule.ts";
import type { GuardOptions } from "./guard-options.ts";
import { hidesItsHeaders } from "./header-rule.ts";
import { IpSourceRule } from "./ip-source-rule.ts";
import { NeighbourRule } from "./neighbour-rule.ts";
import { isRouters } from "./router-rule.ts";

/** Which of the rules on addresses hold. */
export type AddressRulesOptions = Pick<
  GuardOptions,
  "rogueDhcp" | "rogueRouter" | "arpSpoofing" | "neighbourSpoofing" | "ipSpoofing" | "unparsableHeaders"
>;

/** What is at a port, as far as its IP addresses go. */
export interface AddressAttachment {
  /** Index in the switch. */
  readonly port: number;
  /** Number of the user, or of the uplink. */
  readonly owner: number;
  /** Many hosts, each with a MAC. */
  readonly bridge: boolean;
  /** May answer DHCP. */
  readonly dhcpServer: boolean;
  /** May send router advertisements and redirects, and packets of others. */
  readonly router: boolean;
  /** Most addresses that are the owner's because this port used them first. */
  readonly maxAddresses: number;
}

/**
 * 64: a host with privacy addresses (RFC 8981) has about ten per prefix. 1024: four for each of a bridge's 256 MACs.
 * The uplink may have a whole network behind it.
 */
export const MAX_ADDRESSES = { host: 64, bridge: 1_024, uplink: 8_192 } as const;

/**
 * Whether the frames of one port tell the truth about IP addresses, and who learns from them. A frame goes
 *
 *     hides its headers? ─┬─ ARP ──────────────► arp rule
 *                         ├─ IP ─► router's? ─► neighbour rule | dhcp rule ─► source rule
 *                         └─ others pass
 *
 * A rule that is switched off neither drops nor learns, except that leases are learned whenever there is a server.
 * Nothing here allocates; a super-frame is judged as the one packet it looks like.
 */
export class AddressGuard {
  readonly #options: AddressRulesOptions;
  readonly #attachment: AddressAttachment;
  readonly #arp: ArpRule;
  readonly #neighbour: NeighbourRule;
  readonly #dhcp: DhcpRule;
  readonly #source: IpSourceRule;

  /** The port's addresses are given back by `Bindings.release`, after which the guard is not used again. */
  constructor(bindings: Bindings, options: AddressRulesOptions, attachment: AddressAttachment) {
    const holder = new AddressHolder(attachment.port, attachment.owner, attachment.maxAddresses);
    this.#options = options;
    this.#attachment = attachment;
    this.#arp = new ArpRule(bindings, holder);
    this.#neighbour = new NeighbourRule(bindings, holder);
    this.#dhcp = new DhcpRule(bindings, holder, attachment);
    this.#source = new IpSourceRule(bindings, holder, attachment);
  }

  /** Judges a frame from a peer, and learns from it. */
  inspect(headers: PacketHeaders, nowMs: number): DropReason {
    if (headers.etherType === EtherType.arp) {
      return this.#options.arpSpoofing ? this.#arp.inspect(headers, nowMs) : Drop.none;
    }
    if (this.#options.unparsableHeaders && hidesItsHeaders(headers)) return Drop.unparsable;
    if (headers.ipVersion === 0) return Drop.none;
    const drop = this.#inspectPayload(headers, nowMs);
    if (drop !== Drop.none || !this.#options.ipSpoofing) return drop;
    return this.#source.inspect(headers, nowMs);
  }

  /** Learns from a frame of the uplink, or of another port that is trusted, and drops nothing. */
  observe(headers: PacketHeaders, nowMs: number): void {
    if (headers.etherType === EtherType.arp) this.#arp.observe(headers, nowMs);
    else if (headers.transport < 0) return;
    else if (headers.protocol === IpProtocol.udp) this.#dhcp.observe(headers, nowMs);
    else if (isIcmpv6(headers)) this.#neighbour.observe(headers, nowMs);
  }

  #inspectPayload(headers: PacketHeaders, nowMs: number): DropReason {
    if (headers.transport < 0) return Drop.none;
    if (headers.protocol === IpProtocol.udp) return this.#inspectUdp(headers, nowMs);
    const { rogueRouter, neighbourSpoofing } = this.#options;
    if (rogueRouter && !this.#attachment.router && isRouters(headers)) return Drop.rogueRouter;
    return neighbourSpoofing && isIcmpv6(headers) ? this.#neighbour.inspect(headers, nowMs) : Drop.none;
  }

  #inspectUdp(headers: PacketHeaders, nowMs: number): DropReason {
    if (!this.#attachment.dhcpServer) return this.#options.rogueDhcp ? this.#dhcp.inspect(headers, nowMs) : Drop.none;
    this.#dhcp.observe(headers, nowMs);
    return Drop.none;
  }
}

function isIcmpv6({ ipVersion, protocol }: PacketHeaders): boolean {
  return ipVersion === 6 && protocol === IpProtocol.icmpv6;
}
