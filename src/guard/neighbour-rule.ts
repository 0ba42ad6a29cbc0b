import { Drop, type DropReason } from "../base/drop-reason.ts";
import {
  Icmpv6Type,
  isValidNeighbourMessage,
  LinkLayer,
  linkLayerOptions,
  ND_TARGET,
  neighbourOptions,
} from "../wire/neighbour-discovery.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { Bindings } from "./bindings.ts";
import { isNeverASource, isUnspecified, sourceHi, sourceLo } from "./ip-source.ts";

/**
 * IPv6 neighbour discovery (RFC 4861): solicitations with a source, and advertisements of a target, put addresses into
 * the receivers' caches. A solicitation without a source asks whether an address is free (DAD, RFC 4862). It passes, and
 * who asks first has a free address (FCFS SAVI, RFC 6620): nobody else may answer then. The link-layer options must name
 * the MAC the frame came from.
 */
export class NeighbourRule {
  readonly #bindings: Bindings;
  readonly #holder: AddressHolder;

  constructor(bindings: Bindings, holder: AddressHolder) {
    this.#bindings = bindings;
    this.#holder = holder;
  }

  /** Judges an unfragmented ICMPv6 message; those that are not a neighbour's (133, 135, 136) pass. */
  inspect(headers: PacketHeaders, nowMs: number): DropReason {
    if (!isNeighbours(headers)) return Drop.none;
    const { bytes, network, transport, packetEnd } = headers;
    if (!isValidNeighbourMessage(bytes, network, transport, packetEnd)) return Drop.neighbourSpoof;
    const options = neighbourOptions(bytes, transport);
    const { start } = headers;
    const linkLayer = linkLayerOptions(bytes, options, packetEnd, sourceHi(bytes, start), sourceLo(bytes, start));
    if (linkLayer === LinkLayer.malformed || linkLayer === LinkLayer.other) return Drop.neighbourSpoof;
    const hasSource = !isUnspecified(6, bytes, headers.sourceIp);
    // Without an address there is nothing that a link-layer address could belong to (RFC 4861 sections 4.1 and 4.3).
    if (!hasSource && linkLayer !== LinkLayer.absent) return Drop.neighbourSpoof;
    return this.#mayClaim(headers, hasSource, nowMs) ? Drop.none : Drop.neighbourSpoof;
  }

  /** Learns from the uplink. It asks in its own name; an advertisement may be for another (proxy): it takes from nobody. */
  observe(headers: PacketHeaders, nowMs: number): void {
    const { bytes, network, transport, packetEnd, sourceIp } = headers;
    if (!isNeighbours(headers) && bytes[transport] !== Icmpv6Type.routerAdvertisement) return;
    if (!isValidNeighbourMessage(bytes, network, transport, packetEnd)) return;
    if (isAdvertisement(headers) || asksIfFree(headers)) this.#claim(headers, transport + ND_TARGET, nowMs);
    else if (!isUnspecified(6, bytes, sourceIp) && !isNeverASource(6, bytes, sourceIp)) {
      this.#bindings.trust(this.#holder, headers, 6, sourceIp, nowMs);
    }
  }

  #mayClaim(headers: PacketHeaders, hasSource: boolean, nowMs: number): boolean {
    const source = headers.sourceIp;
    if (asksIfFree(headers)) this.#claim(headers, headers.transport + ND_TARGET, nowMs);
    if (!isAdvertisement(headers)) return !hasSource || this.#claim(headers, source, nowMs);
    // The source is compared first, so that a liar gets no target bound.
    if (hasSource && !this.#bindings.use(this.#holder, headers, 6, source, nowMs)) return false;
    return this.#claim(headers, headers.transport + ND_TARGET, nowMs);
  }

  #claim(headers: PacketHeaders, at: number, nowMs: number): boolean {
    if (isNeverASource(6, headers.bytes, at) || isUnspecified(6, headers.bytes, at)) return false;
    return this.#bindings.claim(this.#holder, headers, 6, at, nowMs);
  }
}

function isNeighbours({ bytes, transport }: PacketHeaders): boolean {
  const type = bytes[transport];
  return (
    type === Icmpv6Type.routerSolicitation ||
    type === Icmpv6Type.neighbourSolicitation ||
    type === Icmpv6Type.neighbourAdvertisement
  );
}

/** Whether a neighbour's message is one of duplicate address detection. */
export function asksIfFree({ bytes, transport, sourceIp }: PacketHeaders): boolean {
  return bytes[transport] === Icmpv6Type.neighbourSolicitation && isUnspecified(6, bytes, sourceIp);
}

function isAdvertisement({ bytes, transport }: PacketHeaders): boolean {
  return bytes[transport] === Icmpv6Type.neighbourAdvertisement;
}
