import { Drop, type DropReason } from "../base/drop-reason.ts";
import { ARP_SENDER_IP, ARP_SENDER_MAC, isArpRequest, isIpv4Arp } from "../wire/arp.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { Bindings } from "./bindings.ts";
import { isNeverASource, isSourceMac, isUnspecified } from "./ip-source.ts";

/**
 * ARP (RFC 826): requests, replies and gratuitous announcements all put the sender's addresses into the receivers'
 * caches, so all are judged by their sender alone. A probe (RFC 5227: sender 0.0.0.0) puts nothing there and passes:
 * who asks whether an address is free takes none.
 */
export class ArpRule {
  readonly #bindings: Bindings;
  readonly #holder: AddressHolder;

  constructor(bindings: Bindings, holder: AddressHolder) {
    this.#bindings = bindings;
    this.#holder = holder;
  }

  /** Judges a frame whose ethertype is ARP. What no host sends is `unparsable`: its receiver may read it in its own way. */
  inspect(headers: PacketHeaders, nowMs: number): DropReason {
    const { bytes, network } = headers;
    if (!isIpv4Arp(bytes, network, headers.end)) return Drop.unparsable;
    if (!isSourceMac(headers, network + ARP_SENDER_MAC)) return Drop.arpSpoof;
    const sender = network + ARP_SENDER_IP;
    if (isUnspecified(4, bytes, sender)) return Drop.none;
    if (isNeverASource(4, bytes, sender)) return Drop.arpSpoof;
    return this.#bindings.claim(this.#holder, headers, 4, sender, nowMs) ? Drop.none : Drop.arpSpoof;
  }

  /**
   * Learns from the uplink. A host asks in its own name; a reply may be for another, as a proxy (RFC 1027), so it takes
   * from nobody.
   */
  observe(headers: PacketHeaders, nowMs: number): void {
    const { bytes, network } = headers;
    if (!isIpv4Arp(bytes, network, headers.end)) return;
    const sender = network + ARP_SENDER_IP;
    if (isUnspecified(4, bytes, sender) || isNeverASource(4, bytes, sender)) return;
    if (isArpRequest(bytes, network)) this.#bindings.trust(this.#holder, headers, 4, sender, nowMs);
    else this.#bindings.claim(this.#holder, headers, 4, sender, nowMs);
  }
}
