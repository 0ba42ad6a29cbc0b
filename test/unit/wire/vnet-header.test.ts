import assert from "node:assert/strict";
import { test } from "node:test";
import { Frame } from "../../../src/wire/frame.ts";
import { OFFLOAD_ALL, Offload } from "../../../src/wire/offload.ts";
import {
  clearVnetHeader,
  isPlainVnetHeader,
  MAX_SUPER_FRAME_HEADER_BYTES,
  MAX_UDP_SEGMENTS,
  MIN_TCP_GSO_BYTES,
  requiredOffloads,
  sanitizeVnetHeader,
  VNET_HEADER_BYTES,
} from "../../../src/wire/vnet-header.ts";
import { frameOf, type Packet, partialChecksumBytes, superFrameBytes } from "../../property/super-frame.ts";

const TCP4: Packet = {
  vlanTags: [],
  ipVersion: 4,
  protocol: "tcp",
  source: [10, 0, 0, 1, ...new Array<number>(12).fill(0)],
  destination: [10, 0, 0, 2, ...new Array<number>(12).fill(0)],
  finalDestination: [10, 0, 0, 2, ...new Array<number>(12).fill(0)],
  ipv4Options: [],
  ipv6Extensions: [],
  identification: 1,
  tcpOptions: [],
  sequence: 1,
  tcpFlags: 0x10,
  payload: new Array<number>(3000).fill(0x61),
};
const TCP6: Packet = { ...TCP4, ipVersion: 6 };
const UDP4: Packet = { ...TCP4, protocol: "udp" };
const UDP6: Packet = { ...TCP6, protocol: "udp" };

function superFrame(packet: Packet, gsoSize = 1000, ecn = false): Uint8Array {
  return Uint8Array.from(superFrameBytes({ packet, gsoSize, ecn }));
}

function sanitize(bytes: Uint8Array): boolean {
  return sanitizeVnetHeader(bytes, 0, bytes.length);
}

test("clearing writes ten zeros, which are a plain header", () => {
  const bytes = new Uint8Array(12).fill(0xff);
  clearVnetHeader(bytes, 1);
  assert.deepEqual(bytes, Uint8Array.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff]));
  assert.ok(isPlainVnetHeader(bytes, 1));
});

test("a verified checksum leaves a header plain, a missing one or a gso type does not", () => {
  assert.ok(isPlainVnetHeader(Uint8Array.from([0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 0));
  assert.ok(!isPlainVnetHeader(Uint8Array.from([0x01, 0, 0, 0, 0, 0, 34, 0, 16, 0]), 0));
  assert.ok(!isPlainVnetHeader(Uint8Array.from([0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 0));
});

test("a frame requires the offload of its gso type, and the checksum one with it", () => {
  const required = (bytes: Uint8Array): number => requiredOffloads(new Frame(bytes).set(bytes, 10, bytes.length, true));
  const { csum, tso4, tso6, tsoEcn, uso4, uso6 } = Offload;
  assert.equal(required(superFrame(TCP4)), csum | tso4);
  assert.equal(required(superFrame(TCP6)), csum | tso6);
  assert.equal(required(superFrame(TCP4, 1000, true)), csum | tso4 | tsoEcn);
  assert.equal(required(superFrame(TCP6, 1000, true)), csum | tso6 | tsoEcn);
  assert.equal(required(superFrame(UDP4)), csum | uso4);
  assert.equal(required(superFrame({ ...UDP6, vlanTags: [1, 2] })), csum | uso6);
  assert.equal(required(Uint8Array.from(partialChecksumBytes(TCP4))), csum);
  assert.equal(required(new Uint8Array(60)), Offload.none);
  assert.notEqual(required(Uint8Array.from([1, 3, ...new Array<number>(50).fill(0)])) & ~OFFLOAD_ALL, 0, "UFO");
});

test("a frame without a header requires nothing, whatever lies before it", () => {
  const bytes = superFrame(TCP4);
  assert.equal(requiredOffloads(new Frame(bytes).set(bytes, 10, bytes.length, false)), Offload.none);
});

test("marks of trust and meaningless fields are cleared", () => {
  const plain = Uint8Array.from([0x06, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, ...new Array<number>(60).fill(9)]);
  assert.ok(sanitize(plain));
  assert.deepEqual([...plain.subarray(0, 11)], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);

  const partial = Uint8Array.from(partialChecksumBytes(TCP4));
  partial.set([0x03, 0x00, 1, 2, 3, 4]);
  assert.ok(sanitize(partial));
  assert.deepEqual([...partial], partialChecksumBytes(TCP4));
  assert.deepEqual([...partial.subarray(0, 10)], [1, 0, 0, 0, 0, 0, 34, 0, 16, 0]);
});

test("the hint about the length of the headers is replaced by their length", () => {
  const bytes = superFrame({ ...TCP4, vlanTags: [5], ipv4Options: [1, 1, 1, 1], tcpOptions: [1, 1, 1, 1] });
  bytes[2] = 0xff;
  bytes[3] = 0xff;
  assert.ok(sanitize(bytes));
  assert.deepEqual([...bytes.subarray(2, 4)], [14 + 4 + 24 + 24, 0]);
});

test("the checksum field of an ordinary frame may touch its end, but neither cross it nor reach the MACs", () => {
  const accepts = (csumStart: number, csumOffset: number): boolean => {
    const bytes = new Uint8Array(10 + 60);
    bytes.set([1, 0, 0, 0, 0, 0, csumStart & 0xff, csumStart >> 8, csumOffset & 0xff, csumOffset >> 8]);
    return sanitize(bytes);
  };
  assert.ok(accepts(34, 24));
  assert.ok(!accepts(34, 25));
  assert.ok(accepts(14, 0));
  assert.ok(!accepts(13, 10));
  assert.ok(!accepts(0xffff, 0xffff));
});

test("a message shorter than the header is refused, the header alone is not", () => {
  for (let length = 0; length < 10; length++) assert.equal(sanitize(new Uint8Array(length)), false);
  assert.ok(sanitize(new Uint8Array(10)));
  assert.equal(sanitizeVnetHeader(new Uint8Array(20), 0, 21), false, "an end outside of the bytes");
  assert.equal(sanitizeVnetHeader(new Uint8Array(20), -1, 20), false);
});

/** Behind a header that asks for a checksum: what it became. */
function completed(csumStart: number, csumOffset: number, frame: readonly number[]): number[] {
  const bytes = Uint8Array.from([1, 0, 0, 0, 0, 0, csumStart, 0, csumOffset, 0, ...frame]);
  assert.ok(sanitize(bytes));
  assert.deepEqual([...bytes.subarray(0, 10)], new Array<number>(10).fill(0), "a plain header");
  return [...bytes.subarray(10)];
}

const MACS = [0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a];

test("a checksum that would later rewrite what an ARP packet says is written before anybody reads it", () => {
  const arp = [
    ...[...MACS, 0x08, 0x06],
    ...[0, 1, 0x08, 0, 6, 4, 0, 2], // Ethernet, IPv4, 6 and 4 bytes, reply
    ...[0x02, 0, 0, 0, 0, 0x0a, 10, 0, 0, 1], // sender 10.0.0.1
    ...[0x02, 0, 0, 0, 0, 0x0b, 10, 0, 0, 2], // target 10.0.0.2
  ];
  // The sum from the sender's IP address on: 0a00 + 0001 + 0200 + 0000 + 000b + 0a00 + 0002 = 160e.
  assert.deepEqual(completed(28, 0, arp), arp.toSpliced(28, 2, 0xe9, 0xf1));
});

test("the checksum of a packet in a tunnel is completed in the frame, as the kernel would", () => {
  const inner = partialChecksumBytes({ ...UDP4, payload: [0x61] }).slice(10);
  const vxlan = [...[0x30, 0x39, 0x12, 0xb5, 0, 8 + 8 + inner.length, 0, 0], ...[0x08, 0, 0, 0, 0, 0, 1, 0]];
  const ip = [0x45, 0, 0, 20 + vxlan.length + inner.length, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 1, 10, 1, 0, 2];
  const outer = [...MACS, 0x08, 0x00, ...ip, ...vxlan];
  assert.deepEqual(completed(outer.length + 34, 6, [...outer, ...inner]), [
    ...outer,
    ...frameOf({ ...UDP4, payload: [0x61] }, "complete"),
  ]);
});

test("a completed checksum is never zero", () => {
  const frame = [...MACS, 0x12, 0x34, 0xff, 0xfe, 0x00, 0x01];
  assert.deepEqual(completed(14, 2, frame), [...MACS, 0x12, 0x34, 0xff, 0xfe, 0xff, 0xff]);
});

test("an odd last byte is the high half of the last word of a completed checksum", () => {
  const frame = [...MACS, 0x12, 0x34, 0x00, 0x00, 0x01, 0x02, 0x03];
  assert.deepEqual(completed(14, 0, frame), [...MACS, 0x12, 0x34, 0xfb, 0xfd, 0x01, 0x02, 0x03]);
});

/** One changed byte each, of a packet that left its own checksum to later: [of what, offset, value]. */
const NOT_ITS_OWN: Record<string, readonly [Packet, number, number]> = {
  "a checksum field in the IP header": [TCP4, 6, 34 - 16],
  "a field that is not the protocol's": [TCP4, 8, 6],
  "another protocol": [TCP4, 33, 1],
  "the first of several fragments": [TCP4, 30, 0x20],
  "padding behind the packet": [TCP4, 27, 0x00],
  "an IP version that is not the ethertype's": [TCP4, 24, 0x65],
  "an IPv6 fragment header": [TCP6, 30, 44],
  "another ethertype": [UDP6, 22, 0x12],
};

for (const [name, [packet, at, value]] of Object.entries(NOT_ITS_OWN)) {
  test(`completed at once: ${name}`, () => {
    const bytes = Uint8Array.from(partialChecksumBytes(packet));
    bytes[at] = value;
    completed(bytes[6] as number, bytes[8] as number, [...bytes.subarray(10)]);
  });
}

/** One changed byte each: [of what, offset (the frame starts at 10, IP at 24, IPv4's TCP at 44), value]. */
const LIES: Record<string, readonly [Packet, number, number]> = {
  "a super-frame whose checksum is said to be complete": [TCP4, 0, 0x02],
  "the gso type of the other IP version": [TCP4, 1, 0x04],
  "the gso type of the other IP version (IPv6)": [TCP6, 1, 0x01],
  "the gso type of the other protocol": [UDP4, 1, 0x01],
  "UDP segmentation of TCP": [TCP4, 1, 0x05],
  "UDP segmentation with ECN": [UDP4, 1, 0x85],
  "UFO, which is not known": [UDP4, 1, 0x03],
  "an unknown gso type": [TCP4, 1, 0x02],
  "ECN without a type": [TCP4, 1, 0x80],
  "a checksum that starts before the transport header": [TCP4, 6, 33],
  "a checksum that starts behind the transport header's start": [TCP4, 6, 35],
  "a checksum start far outside": [TCP4, 7, 0xff],
  "a checksum field that is not TCP's": [TCP4, 8, 6],
  "a checksum field that is not UDP's": [UDP4, 8, 16],
  "an ethertype that is not IP": [TCP4, 22, 0x88],
  "an IP version that is not the ethertype's": [TCP4, 24, 0x65],
  "an IPv4 header of less than 20 bytes": [TCP4, 24, 0x44],
  "an IPv4 header that reaches into TCP": [TCP4, 24, 0x46],
  "a total length that is not the frame's": [TCP4, 27, 0x00],
  "the first of several fragments": [TCP4, 30, 0x20],
  "a later fragment": [TCP4, 31, 0x01],
  "a protocol that is not the gso type's": [TCP4, 33, 17],
  "a TCP header of less than 20 bytes": [TCP4, 56, 0x40],
  "an IPv6 payload length that is not the frame's": [TCP6, 29, 0x00],
  "an IPv6 next header that is not the gso type's": [TCP6, 30, 17],
  "an IPv6 fragment header": [TCP6, 30, 44],
  "a UDP length that is not the datagram's": [UDP4, 49, 0x00],
};

for (const [name, [packet, at, value]] of Object.entries(LIES)) {
  test(`refused: ${name}`, () => {
    const bytes = superFrame(packet);
    assert.ok(sanitize(bytes));
    bytes[at] = value;
    const before = Uint8Array.from(bytes);
    assert.equal(sanitize(bytes), false);
    assert.deepEqual(bytes, before);
  });
}

test("refused: a TCP header longer than the frame", () => {
  const bytes = superFrame({ ...TCP4, payload: new Array<number>(39).fill(0) }, 36);
  assert.ok(sanitize(bytes));
  bytes[56] = 0xf0;
  assert.equal(sanitize(bytes), false);
});

test("refused: a super-frame without payload", () => {
  assert.equal(sanitize(superFrame({ ...TCP4, payload: [] })), false);
});

test("refused: an IPv6 jumbogram", () => {
  const bytes = superFrame(TCP6);
  bytes.fill(0, 28, 30);
  assert.equal(sanitize(bytes), false);
});

test("refused: gso sizes of zero, of the kernel's GSO_BY_FRAGS, and below any TCP segment's", () => {
  const packet = { ...TCP4, payload: new Array<number>(4096).fill(0) };
  assert.ok(sanitize(superFrame(packet, MIN_TCP_GSO_BYTES)));
  assert.ok(sanitize(superFrame(packet, 0xfffe)));
  for (const gsoSize of [0, 1, MIN_TCP_GSO_BYTES - 1, 0xffff]) {
    assert.equal(sanitize(superFrame(packet, gsoSize)), false);
  }
});

test("refused: more UDP segments than the kernel makes of a super-frame", () => {
  const packet = { ...UDP4, payload: new Array<number>(10 * MAX_UDP_SEGMENTS).fill(0) };
  assert.ok(sanitize(superFrame(packet, 10)));
  assert.equal(sanitize(superFrame(packet, 9)), false);
});

test("refused: a TCP super-frame to a group address", () => {
  const bytes = superFrame(TCP4);
  assert.ok(sanitize(bytes));
  bytes[VNET_HEADER_BYTES] = 0x01;
  assert.equal(sanitize(bytes), false);
});

test("refused: headers so long that their repetition would be an amplifier", () => {
  const withExtension = (units: number): Uint8Array =>
    superFrame({ ...TCP6, ipv6Extensions: [{ type: 60, body: new Array<number>(units * 8 - 2).fill(0) }] });
  const most = Math.floor((MAX_SUPER_FRAME_HEADER_BYTES - 14 - 40 - 20) / 8);
  assert.ok(sanitize(withExtension(most)));
  assert.equal(sanitize(withExtension(most + 1)), false);
});

test("refused: a chain of IPv6 extension headers beyond the bound", () => {
  const withExtensions = (count: number): Uint8Array =>
    superFrame({ ...TCP6, ipv6Extensions: new Array(count).fill({ type: 0, body: [1, 4, 0, 0, 0, 0] }) });
  assert.ok(sanitize(withExtensions(8)));
  assert.equal(sanitize(withExtensions(9)), false);
});
