/**
 * Super-frames made from their parts, and the frames they must become: an oracle that rebuilds each packet from its
 * description instead of patching bytes, and sums with BigInt. Slow and plain on purpose.
 */
import fc from "fast-check";
import { MIN_TCP_GSO_BYTES, VnetFlag, VnetGso } from "../../src/wire/vnet-header.ts";

interface Ipv6Extension {
  /** 0 hop-by-hop, 43 routing, 60 destination options. */
  readonly type: number;
  /** All but its first two bytes; 6 + 8n of them. */
  readonly body: readonly number[];
}

export interface Packet {
  readonly vlanTags: readonly number[];
  readonly ipVersion: 4 | 6;
  readonly protocol: "tcp" | "udp";
  /** 4 or 16 bytes, from the front of these. */
  readonly source: readonly number[];
  readonly destination: readonly number[];
  /** What the pseudo-header has for a destination: another one if there is a routing header. */
  readonly finalDestination: readonly number[];
  readonly ipv4Options: readonly number[];
  readonly ipv6Extensions: readonly Ipv6Extension[];
  readonly identification: number;
  readonly tcpOptions: readonly number[];
  readonly sequence: number;
  readonly tcpFlags: number;
  readonly payload: readonly number[];
}

export interface SuperFrame {
  readonly packet: Packet;
  readonly gsoSize: number;
  readonly ecn: boolean;
}

const PSH_FIN = 0x09;
const CWR = 0x80;

const be16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const le16 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value)];

/** RFC 1071 read aloud. */
export function naiveSum(bytes: readonly number[]): number {
  let sum = 0n;
  for (let i = 0; i < bytes.length; i += 2) sum += BigInt(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(sum);
}

export function naiveChecksum(bytes: readonly number[]): number {
  return 0xffff - naiveSum(bytes);
}

/** The Ethernet frame of a packet, its transport checksum complete, or partial as the kernel leaves it. */
export function frameOf(packet: Packet, checksum: "complete" | "partial"): number[] {
  const transport = transportOf(packet, checksum);
  const ip = packet.ipVersion === 4 ? ipv4Of(packet, transport.length) : ipv6Of(packet, transport.length);
  return [...ethernetOf(packet), ...ip, ...transport];
}

/** Bytes from the Ethernet header to the transport header. */
function transportStart(packet: Packet): number {
  const ip = packet.ipVersion === 4 ? ipv4Of(packet, 0) : ipv6Of(packet, 0);
  return ethernetOf(packet).length + ip.length;
}

export function headerBytes(packet: Packet): number {
  return transportStart(packet) + (packet.protocol === "tcp" ? 20 + packet.tcpOptions.length : 8);
}

/** Virtio-net header and frame, as a kernel hands a super-frame over. */
export function superFrameBytes({ packet, gsoSize, ecn }: SuperFrame): number[] {
  const tcpType = packet.ipVersion === 4 ? VnetGso.tcpv4 : VnetGso.tcpv6;
  const type = packet.protocol === "tcp" ? tcpType | (ecn ? VnetGso.ecn : 0) : VnetGso.udpL4;
  return [...vnetHeader(packet, type, headerBytes(packet), gsoSize), ...frameOf(packet, "partial")];
}

/** Virtio-net header and frame of an ordinary frame that lacks its checksum. */
export function partialChecksumBytes(packet: Packet): number[] {
  return [...vnetHeader(packet, VnetGso.none, 0, 0), ...frameOf(packet, "partial")];
}

function vnetHeader(packet: Packet, type: number, hdrLen: number, gsoSize: number): number[] {
  const csumOffset = packet.protocol === "tcp" ? 16 : 6;
  const csumStart = transportStart(packet);
  return [VnetFlag.needsCsum, type, ...le16(hdrLen), ...le16(gsoSize), ...le16(csumStart), ...le16(csumOffset)];
}

/** The frames that a super-frame stands for. */
export function naiveSegments({ packet, gsoSize }: SuperFrame): number[][] {
  const segments: number[][] = [];
  for (let from = 0, index = 0; from < packet.payload.length; from += gsoSize, index++) {
    const isLast = from + gsoSize >= packet.payload.length;
    let tcpFlags = packet.tcpFlags;
    if (!isLast) tcpFlags &= ~PSH_FIN;
    if (index > 0) tcpFlags &= ~CWR;
    const segment: Packet = {
      ...packet,
      payload: packet.payload.slice(from, from + gsoSize),
      identification: (packet.identification + index) % 0x10000,
      sequence: (packet.sequence + from) % 0x1_0000_0000,
      tcpFlags,
    };
    segments.push(frameOf(segment, "complete"));
  }
  return segments;
}

function ethernetOf({ vlanTags, ipVersion }: Packet): number[] {
  const macs = [0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a];
  const tags = vlanTags.flatMap((tci, i) => [...be16(i === vlanTags.length - 1 ? 0x8100 : 0x88a8), ...be16(tci)]);
  return [...macs, ...tags, ...be16(ipVersion === 4 ? 0x0800 : 0x86dd)];
}

function ipv4Of(packet: Packet, transportBytes: number): number[] {
  const headerLength = 20 + packet.ipv4Options.length;
  const header = [
    ...[0x40 | (headerLength / 4), 0x02, ...be16(headerLength + transportBytes)],
    ...[...be16(packet.identification), 0x40, 0x00],
    ...[64, protocolNumber(packet), 0, 0],
    ...packet.source.slice(0, 4),
    ...packet.destination.slice(0, 4),
    ...packet.ipv4Options,
  ];
  header.splice(10, 2, ...be16(naiveChecksum(header)));
  return header;
}

function ipv6Of(packet: Packet, transportBytes: number): number[] {
  const types = [...packet.ipv6Extensions.map(({ type }) => type), protocolNumber(packet)];
  const extensions = packet.ipv6Extensions.flatMap(({ body }, i) => [
    types[i + 1] as number,
    (body.length + 2) / 8 - 1,
    ...body,
  ]);
  return [
    ...[0x60, 0x21, 0x23, 0x45],
    ...[...be16(extensions.length + transportBytes), types[0] as number, 64],
    ...packet.source,
    ...packet.destination,
    ...extensions,
  ];
}

function transportOf(packet: Packet, checksum: "complete" | "partial"): number[] {
  const bytes = packet.protocol === "tcp" ? tcpOf(packet) : udpOf(packet);
  const field = packet.protocol === "tcp" ? 16 : 6;
  const addressBytes = packet.ipVersion === 4 ? 4 : 16;
  const pseudoHeader = [
    ...packet.source.slice(0, addressBytes),
    ...packet.finalDestination.slice(0, addressBytes),
    ...be32(bytes.length),
    ...[0, 0, 0, protocolNumber(packet)],
  ];
  const value = checksum === "partial" ? naiveSum(pseudoHeader) : naiveChecksum([...pseudoHeader, ...bytes]) || 0xffff;
  bytes.splice(field, 2, ...be16(value));
  return bytes;
}

function tcpOf({ sequence, tcpOptions, tcpFlags, payload }: Packet): number[] {
  return [
    ...[0x00, 0x50, 0xc0, 0x01, ...be32(sequence), ...be32(0x01020304)],
    ...[((20 + tcpOptions.length) / 4) << 4, tcpFlags, 0x10, 0x00, 0, 0, 0, 0],
    ...tcpOptions,
    ...payload,
  ];
}

function udpOf({ payload }: Packet): number[] {
  return [0x00, 0x35, 0xc0, 0x01, ...be16(8 + payload.length), 0, 0, ...payload];
}

function protocolNumber({ protocol }: Packet): number {
  return protocol === "tcp" ? 6 : 17;
}

const byte = fc.integer({ min: 0, max: 255 });
const bytesOf = (minLength: number, maxLength = minLength): fc.Arbitrary<number[]> =>
  fc.array(byte, { minLength, maxLength, size: "max" });
/** Bytes in a multiple of `unit`, plus `extra`. */
const bytesInUnits = (unit: number, maxUnits: number, extra = 0): fc.Arbitrary<number[]> =>
  fc.integer({ min: 0, max: maxUnits }).chain((units) => bytesOf(extra + units * unit));

/** A payload of some length: all zeros and all ones provoke sums that are zero, the rest is noise. */
function payloadOf(length: number): fc.Arbitrary<number[]> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(0x00, 0xff).map((fill) => new Array<number>(length).fill(fill)) },
    { weight: 4, arbitrary: fc.integer().map((seed) => noise(length, seed)) },
  );
}

function noise(length: number, seed: number): number[] {
  let state = seed | 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return (state >>> 16) & 0xff;
  });
}

const extension: fc.Arbitrary<Ipv6Extension> = fc.record({
  type: fc.constantFrom(0, 43, 60),
  body: bytesInUnits(8, 2, 6),
});

const packetWithout = fc.record({
  vlanTags: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 2 }),
  ipVersion: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  source: bytesOf(16),
  destination: bytesOf(16),
  finalDestination: bytesOf(16),
  ipv4Options: bytesInUnits(4, 10),
  ipv6Extensions: fc.array(extension, { maxLength: 3 }),
  identification: fc.integer({ min: 0, max: 0xffff }),
  tcpOptions: bytesInUnits(4, 10),
  sequence: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0xffff_f000, max: 0xffff_ffff })),
  tcpFlags: byte,
});

/** A packet with a payload of some length. */
export function packetArbitrary(payloadBytes: fc.Arbitrary<number>): fc.Arbitrary<Packet> {
  const payload = payloadBytes.chain(payloadOf);
  return fc.record({ packet: packetWithout, payload }).map(({ packet, payload }) => {
    const isRouted = packet.ipVersion === 6 && packet.ipv6Extensions.some(({ type }) => type === 43);
    return { ...packet, payload, finalDestination: isRouted ? packet.finalDestination : packet.destination };
  });
}

/** Super-frames of 1 to 12 segments. */
export const superFrameArbitrary: fc.Arbitrary<SuperFrame> = fc
  .tuple(fc.integer({ min: MIN_TCP_GSO_BYTES, max: 1500 }), fc.integer({ min: 1, max: 12 }), fc.nat())
  .chain(([gsoSize, segments, rest]) =>
    fc.record({
      packet: packetArbitrary(fc.constant((segments - 1) * gsoSize + 1 + (rest % gsoSize))),
      gsoSize: fc.constant(gsoSize),
      ecn: fc.boolean(),
    }),
  );
