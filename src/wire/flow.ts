/**
 * Which flow a frame belongs to, and whether it is one of the few small ones that everything else waits for. Both read
 * headers by their offsets and nothing else, believe no length, and allocate nothing: they are asked for every frame
 * that has to wait. (`PacketHeaders` reads all of a frame, for those who judge it.)
 */
import { EtherType, networkHeaderOffset, uint16At } from "./ethernet.ts";
import {
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_MIN_HEADER_BYTES,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV6_HEADER_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_SOURCE,
  IpProtocol,
  ipv4HeaderBytes,
} from "./ip-packet.ts";

const MACS_BYTES = 12;
const IPV4_ADDRESSES_BYTES = 8;
const IPV6_ADDRESSES_BYTES = 32;
const PORTS_BYTES = 4;

/** Odd, with bits spread evenly (2³² / golden ratio): each multiplication carries low bits up. */
const MULTIPLIER = 0x9e37_79b1;

/**
 * A hash of the inner flow of the frame in [start, end): addresses, protocol and ports of TCP, UDP and SCTP; without the
 * ports where a fragment or an IPv6 extension header hides them, so that all fragments of a packet are one flow; MACs
 * and ethertype of what is no IP. VLAN tags do not count. An unsigned 31-bit integer: V8 keeps a larger one on the heap.
 *
 * Each word is mixed into a state that depends on `seed` before the next one follows, so that a stranger who does not
 * know it cannot choose flows that share a bucket.
 */
export function flowHash(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return finish(seed);
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4 && network + IPV4_MIN_HEADER_BYTES <= end)
    return ipv4Hash(bytes, network, end, seed);
  if (etherType === EtherType.ipv6 && network + IPV6_HEADER_BYTES <= end) return ipv6Hash(bytes, network, end, seed);
  return finish(mix(mixWords(seed, bytes, start, MACS_BYTES), etherType));
}

function ipv4Hash(bytes: Uint8Array, at: number, end: number, seed: number): number {
  const protocol = bytes[at + IPV4_PROTOCOL] as number;
  const state = mix(mixWords(seed, bytes, at + IPV4_SOURCE, IPV4_ADDRESSES_BYTES), protocol);
  if ((uint16At(bytes, at + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) !== 0) return finish(state);
  return portsHash(bytes, at + ipv4HeaderBytes(bytes, at), end, protocol, state);
}

function ipv6Hash(bytes: Uint8Array, at: number, end: number, seed: number): number {
  const protocol = bytes[at + IPV6_NEXT_HEADER] as number;
  const state = mix(mixWords(seed, bytes, at + IPV6_SOURCE, IPV6_ADDRESSES_BYTES), protocol);
  return portsHash(bytes, at + IPV6_HEADER_BYTES, end, protocol, state);
}

function portsHash(bytes: Uint8Array, at: number, end: number, protocol: number, state: number): number {
  return hasPorts(protocol) && at + PORTS_BYTES <= end ? finish(mix(state, wordAt(bytes, at))) : finish(state);
}

function hasPorts(protocol: number): boolean {
  return protocol === IpProtocol.tcp || protocol === IpProtocol.udp || protocol === IpProtocol.sctp;
}

function mixWords(seed: number, bytes: Uint8Array, at: number, byteCount: number): number {
  let state = seed;
  for (let i = at; i < at + byteCount; i += 4) state = mix(state, wordAt(bytes, i));
  return state;
}

function mix(state: number, word: number): number {
  const product = Math.imul(state ^ word, MULTIPLIER);
  return product ^ (product >>> 15);
}

/** The last steps of MurmurHash3, which make every bit of the result depend on every bit of the state; but one bit. */
function finish(state: number): number {
  const once = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35);
  return (twice ^ (twice >>> 16)) >>> 1;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (uint16At(bytes, at) << 16) | uint16At(bytes, at + 2);
}
