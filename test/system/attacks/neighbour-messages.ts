/** Neighbour discovery (RFC 4861) by hand: advertisements, solicitations and router advertisements as ICMPv6 messages. */
import { icmpv6, ip, mac, Protocol } from "./packets.ts";

interface Ends {
  readonly source: string;
  readonly destination: string;
}

const RouterAdvertisement = 134;
const NeighbourSolicitation = 135;
const NeighbourAdvertisement = 136;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;

/** "This address is at this MAC", in answer to a question (solicited) and to be believed at once (override). */
export function neighbourAdvertisement(ends: Ends, target: string, linkLayer: string): Buffer {
  const flags = Buffer.from([0x60, 0, 0, 0]);
  return icmpv6(ends, NeighbourAdvertisement, concat(flags, ip(target), linkLayerOption(TARGET_LINK_LAYER, linkLayer)));
}

/** "Where is this address?", from one who says where it is itself. */
export function neighbourSolicitation(ends: Ends, target: string, linkLayer: string): Buffer {
  const body = concat(Buffer.alloc(4), ip(target), linkLayerOption(SOURCE_LINK_LAYER, linkLayer));
  return icmpv6(ends, NeighbourSolicitation, body);
}

/** A default router for this many seconds; 0 takes it back. */
export function routerAdvertisement(ends: Ends, lifetimeSeconds: number): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt8(64);
  body.writeUInt16BE(lifetimeSeconds, 2);
  return icmpv6(ends, RouterAdvertisement, body);
}

/** An extension header of eight bytes: hop-by-hop or destination options, filled by one PadN option. */
export function paddedOptions(nextHeader: number): Buffer {
  return Buffer.from([nextHeader, 0, 1, 4, 0, 0, 0, 0]);
}

/** A routing header of type 0 with nothing left to visit, which hosts skip. */
export function routingHeader(nextHeader: number): Buffer {
  return Buffer.from([nextHeader, 0, 0, 0, 0, 0, 0, 0]);
}

/** `offset` in bytes. */
export function fragmentHeader(nextHeader: number, offset: number, more: boolean): Buffer {
  const field = offset | (more ? 1 : 0);
  return Buffer.from([nextHeader, 0, field >> 8, field & 0xff, 0, 0, 0, 7]);
}

/** One thing that an attacker puts behind an IPv6 header: the number of what comes first there, and the bytes. */
export interface Hidden {
  readonly name: string;
  readonly parts: readonly { readonly protocol: number; readonly payload: Buffer }[];
}

/** The ways in which a message may be hidden from those who look only at the first header (RFC 7113 section 2). */
export function hidings(message: Buffer): readonly Hidden[] {
  const { hopByHop, options, routing, fragment, icmpv6: upper } = Protocol;
  const whole = (name: string, protocol: number, ...pieces: readonly Buffer[]): Hidden => ({
    name,
    parts: [{ protocol, payload: concat(...pieces, message) }],
  });
  const behindOptions = concat(paddedOptions(options), paddedOptions(upper), message);
  const split = (name: string, at: number): Hidden => ({
    name,
    parts: [
      { protocol: fragment, payload: concat(fragmentHeader(options, 0, true), behindOptions.subarray(0, at)) },
      { protocol: fragment, payload: concat(fragmentHeader(options, at, false), behindOptions.subarray(at)) },
    ],
  });
  return [
    whole("hop-by-hop options", hopByHop, paddedOptions(upper)),
    whole("destination options", options, paddedOptions(upper)),
    whole("two extension headers", hopByHop, paddedOptions(options), paddedOptions(upper)),
    whole("a routing header", routing, routingHeader(upper)),
    whole("an atomic fragment", fragment, fragmentHeader(upper, 0, false)),
    whole(
      "ten extension headers",
      options,
      ...Array.from({ length: 9 }, () => paddedOptions(options)),
      paddedOptions(upper),
    ),
    whole("a fragment header twice", fragment, fragmentHeader(fragment, 0, false), fragmentHeader(upper, 0, false)),
    split("fragments, the first of which has options only", 8),
    split("fragments, the first of which ends before the message", 16),
    split("fragments, the first of which has the message's type", 24),
  ];
}

function linkLayerOption(type: number, address: string): Buffer {
  return concat(Buffer.from([type, 1]), mac(address));
}

function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}
