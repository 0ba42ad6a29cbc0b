import assert from "node:assert/strict";
import { test } from "node:test";
import { EtherType } from "../../../src/wire/ethernet.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { Fragment, PacketHeaders } from "../../../src/wire/packet-headers.ts";

const MACS = [0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a];
const SOURCE_6 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const DESTINATION_6 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const UDP = [0xc0, 0x01, 0x00, 0x35, 0, 8, 0, 0]; // ports 49153 and 53, 8 bytes, checksum
/** Something follows each frame, and must not be taken for a part of it. */
const BEHIND = new Array<number>(64).fill(0x11);

const IPV4_UDP = [
  ...[0x45, 0, 0, 28, 0, 1, 0x40, 0], // version, 20 bytes; total length 28; id; don't fragment
  ...[64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], // TTL, UDP, checksum; 10.0.0.1 to 10.0.0.2
  ...UDP,
];

/** A packet whose payload begins with a header of type `next`. */
function ipv6(next: number, ...payload: readonly number[]): number[] {
  return [
    0x60,
    0,
    0,
    0,
    payload.length >> 8,
    payload.length & 0xff,
    next,
    64,
    ...SOURCE_6,
    ...DESTINATION_6,
    ...payload,
  ];
}

function parse(...frame: readonly number[]): PacketHeaders {
  const headers = new PacketHeaders();
  headers.parse(Uint8Array.from([0xee, ...frame, ...BEHIND]), 1, 1 + frame.length);
  return headers;
}

const parse4 = (...packet: readonly number[]): PacketHeaders => parse(...MACS, 0x08, 0x00, ...packet);
const parse6 = (...packet: readonly number[]): PacketHeaders => parse(...MACS, 0x86, 0xdd, ...packet);

function with4(at: number, ...values: readonly number[]): PacketHeaders {
  return parse4(...IPV4_UDP.toSpliced(at, values.length, ...values));
}

/** The fields, with offsets from the start of the frame. */
function fieldsOf(headers: PacketHeaders): Record<string, unknown> {
  const { bytes: _bytes, start, end, ...fields } = headers;
  const offsets = ["network", "packetEnd", "sourceIp", "destinationIp", "transport"];
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const isOffset = offsets.includes(name) && value !== -1;
      return [name, isOffset ? Number(value) - start : value];
    }),
  );
}

test("a UDP packet of IPv4, padded", () => {
  assert.deepEqual(fieldsOf(parse4(...IPV4_UDP, 0, 0, 0)), {
    etherType: EtherType.ipv4,
    vlanId: 0,
    tags: 0,
    network: 14,
    ipVersion: 4,
    packetEnd: 14 + 28,
    sourceIp: 26,
    destinationIp: 30,
    protocol: 17,
    transport: 34,
    fragment: Fragment.none,
    sourcePort: 49_153,
    destinationPort: 53,
    isWhole: true,
    isSuperFrame: false,
  });
});

test("a UDP packet of IPv6 behind two tags", () => {
  const tags = [0x88, 0xa8, 0x20, 0x05, 0x81, 0x00, 0x00, 0x06];
  assert.deepEqual(fieldsOf(parse(...MACS, ...tags, 0x86, 0xdd, ...ipv6(17, ...UDP))), {
    etherType: EtherType.ipv6,
    vlanId: 5,
    tags: 2,
    network: 22,
    ipVersion: 6,
    packetEnd: 22 + 48,
    sourceIp: 30,
    destinationIp: 46,
    protocol: 17,
    transport: 62,
    fragment: Fragment.none,
    sourcePort: 49_153,
    destinationPort: 53,
    isWhole: true,
    isSuperFrame: false,
  });
});

test("nothing of a frame is left in the next one", () => {
  const headers = new PacketHeaders();
  const empty = fieldsOf(headers);
  headers.parse(Uint8Array.from([...MACS, 0x81, 0, 0, 5, 0x08, 0x00, ...IPV4_UDP]), 0, 46);
  headers.parse(new Uint8Array(0), 0, 0);
  assert.deepEqual(fieldsOf(headers), empty);
});

test("the outermost tag with an id names the VLAN, and a priority tag has none", () => {
  const tag = (tci: number): number[] => [0x81, 0x00, tci >> 8, tci & 0xff];
  const vlanOf = (...tcis: number[]): number => parse(...MACS, ...tcis.flatMap(tag), 0x08, 0x00, ...IPV4_UDP).vlanId;
  assert.equal(vlanOf(), 0);
  assert.equal(vlanOf(0xefff), 0xfff);
  assert.equal(vlanOf(5, 6), 5);
  assert.equal(vlanOf(0xe000), 0);
  assert.equal(vlanOf(0xe000, 6), 6);
});

test("a third tag is an ethertype, and nobody knows what is behind", () => {
  const headers = parse(...MACS, ...[0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3], 0x08, 0x00, ...IPV4_UDP);
  assert.equal(headers.etherType, EtherType.vlan);
  assert.deepEqual([headers.tags, headers.ipVersion, headers.isWhole], [2, 0, false]);
});

test("other ethertypes and lengths are whole as they are", () => {
  for (const [high, low] of [
    [0x08, 0x06],
    [0x00, 0x26],
    [0x88, 0xcc],
  ] as const) {
    const headers = parse(...MACS, high, low, 1, 2, 3);
    assert.equal(headers.etherType, (high << 8) | low);
    assert.deepEqual([headers.ipVersion, headers.protocol, headers.isWhole], [0, -1, true]);
  }
});

test("a frame that ends inside its Ethernet header says nothing", () => {
  const frame = [...MACS, 0x81, 0x00, 0, 5, 0x08, 0x00];
  for (let length = 0; length < frame.length; length++) {
    const headers = parse(...frame.slice(0, length));
    assert.deepEqual([headers.etherType, headers.network, headers.isWhole], [-1, -1, false]);
  }
});

test("IPv4 options are skipped", () => {
  const [head, upper] = [IPV4_UDP.slice(0, 20), IPV4_UDP.slice(20)];
  const packet = [...head, 1, 1, 1, 0, ...upper].toSpliced(0, 4, 0x46, 0, 0, 32);
  const { transport, start, destinationPort, isWhole } = parse4(...packet);
  assert.deepEqual([transport - start, destinationPort, isWhole], [38, 53, true]);
});

test("an IPv4 header that lies keeps its addresses, and nothing behind it counts", () => {
  const lies = {
    "less than 20 bytes": with4(0, 0x44),
    "longer than the packet": with4(0, 0x48),
    "a total length below the header": with4(2, 0, 19),
    "a total length of zero": with4(2, 0, 0),
    "a total length beyond the frame": with4(2, 0, 29),
  };
  for (const [name, headers] of Object.entries(lies)) {
    const { ipVersion, sourceIp, start, end, protocol, transport, packetEnd, isWhole } = headers;
    assert.deepEqual([ipVersion, sourceIp - start, packetEnd === end], [4, 26, true], name);
    assert.deepEqual([protocol, transport, isWhole], [-1, -1, false], name);
  }
});

test("an IP header of the other version, or cut short, is none", () => {
  for (const headers of [
    with4(0, 0x65),
    parse4(...IPV4_UDP.slice(0, 19)),
    parse6(...ipv6(17, ...UDP).slice(0, 39)),
    parse6(...IPV4_UDP, ...IPV4_UDP),
  ]) {
    assert.deepEqual([headers.ipVersion, headers.sourceIp, headers.isWhole], [0, -1, false]);
  }
});

test("IPv4 fragments: the first has ports, later ones have none", () => {
  const first = with4(6, 0x20, 0x00);
  assert.deepEqual([first.fragment, first.destinationPort, first.isWhole], [Fragment.first, 53, true]);
  for (const later of [with4(6, 0x20, 0x01), with4(6, 0x00, 0x01), with4(6, 0x1f, 0xff)]) {
    assert.deepEqual([later.fragment, later.protocol, later.isWhole], [Fragment.later, 17, true]);
    assert.deepEqual([later.transport, later.sourcePort, later.destinationPort], [-1, -1, -1]);
  }
});

test("ports and ICMP types that are cut short are not whole, other protocols need no bytes", () => {
  const upper = (protocol: number, bytes: number): PacketHeaders =>
    parse4(
      ...IPV4_UDP.slice(0, 20 + bytes)
        .toSpliced(2, 2, 0, 20 + bytes)
        .toSpliced(9, 1, protocol),
    );
  for (const protocol of [6, 17, 33, 132, 136, 1, 2, 58]) {
    const short = upper(protocol, 3);
    assert.deepEqual([short.protocol, short.transport, short.isWhole], [protocol, -1, false]);
    const { transport, start, isWhole, destinationPort } = upper(protocol, 4);
    const ported = ![1, 2, 58].includes(protocol);
    assert.deepEqual([transport - start, isWhole, destinationPort], [34, true, ported ? 53 : -1]);
  }
  for (const protocol of [47, 50, 51, 89, 0, 255]) {
    const { transport, start, isWhole, sourcePort } = upper(protocol, 0);
    assert.deepEqual([transport - start, isWhole, sourcePort], [34, true, -1]);
  }
});

test("padding is no part of a packet, even if it looks like ports", () => {
  const { isWhole, transport, destinationPort } = with4(2, 0, 20);
  assert.deepEqual([isWhole, transport, destinationPort], [false, -1, -1]);
});

const EIGHT = [0, 1, 4, 0, 0, 0, 0];
/** Extension headers of 8 bytes but for the AH of 24, each naming the next. */
const EXTENSIONS: Record<string, readonly [number, (next: number) => number[]]> = {
  "hop-by-hop": [0, (next) => [next, ...EIGHT]],
  routing: [43, (next) => [next, ...EIGHT]],
  "destination options": [60, (next) => [next, 1, ...new Array<number>(14).fill(0)]],
  mobility: [135, (next) => [next, ...EIGHT]],
  "host identity": [139, (next) => [next, ...EIGHT]],
  shim6: [140, (next) => [next, ...EIGHT]],
  authentication: [51, (next) => [next, 4, ...new Array<number>(22).fill(0)]],
  "an atomic fragment": [44, (next) => [next, 0xff, 0x00, 0x06, 0, 0, 0, 1]],
};

for (const [name, [type, make]] of Object.entries(EXTENSIONS)) {
  test(`IPv6: ${name} is walked over, by its own measure of length`, () => {
    const extension = make(17);
    const headers = parse6(...ipv6(type, ...extension, ...UDP));
    assert.equal(headers.transport - headers.start, 54 + extension.length);
    assert.deepEqual([headers.fragment, headers.protocol, headers.isWhole], [Fragment.none, 17, true]);
    assert.deepEqual([headers.sourcePort, headers.destinationPort], [49_153, 53]);
    const cut = parse6(...ipv6(type, ...extension.slice(0, -1)));
    assert.deepEqual([cut.protocol, cut.transport, cut.isWhole], [-1, -1, false]);
  });
}

test("IPv6: eight extension headers are walked over, nine are not", () => {
  const chain = (count: number): PacketHeaders => {
    const extensions = Array.from({ length: count }, (_, i) => [i === count - 1 ? 17 : 60, ...EIGHT]);
    return parse6(...ipv6(60, ...extensions.flat(), ...UDP));
  };
  assert.deepEqual([chain(8).destinationPort, chain(8).isWhole], [53, true]);
  assert.deepEqual([chain(9).protocol, chain(9).destinationPort, chain(9).isWhole], [-1, -1, false]);
});

const fragmentHeader = (next: number, offset: number, more: number): number[] => [
  ...[next, 0, (offset << 3) >> 8, ((offset << 3) & 0xff) | more, 0, 0, 0, 1],
];

test("IPv6: the first fragment has ports, and must have its whole chain of headers", () => {
  const first = parse6(...ipv6(44, ...fragmentHeader(60, 0, 1), 17, ...EIGHT, ...UDP));
  assert.deepEqual([first.fragment, first.destinationPort, first.isWhole], [Fragment.first, 53, true]);
  const cut = parse6(...ipv6(44, ...fragmentHeader(60, 0, 1), 17, ...EIGHT));
  assert.deepEqual([cut.fragment, cut.protocol, cut.isWhole], [Fragment.first, 17, false]);
});

test("IPv6: behind a later fragment's header there is payload, whatever it looks like", () => {
  const later = parse6(...ipv6(44, ...fragmentHeader(17, 1, 1), ...UDP));
  assert.deepEqual([later.fragment, later.protocol, later.isWhole], [Fragment.later, 17, true]);
  assert.deepEqual([later.transport, later.destinationPort], [-1, -1]);
  const hidden = parse6(...ipv6(44, ...fragmentHeader(60, 1, 0), 17, ...EIGHT, ...UDP));
  assert.deepEqual([hidden.fragment, hidden.protocol, hidden.isWhole], [Fragment.later, -1, true]);
});

test("IPv6: a fragment of a fragment is not whole", () => {
  for (const inner of [fragmentHeader(17, 0, 0), fragmentHeader(17, 0, 1), fragmentHeader(17, 5, 0)]) {
    const nested = parse6(...ipv6(44, ...fragmentHeader(44, 0, 1), ...inner, ...UDP));
    assert.deepEqual([nested.fragment, nested.protocol, nested.isWhole], [Fragment.first, -1, false]);
  }
});

test("IPv6: no next header ends the chain, ESP is a protocol", () => {
  const none = parse6(...ipv6(59));
  assert.deepEqual([none.protocol, none.transport - none.start, none.isWhole], [59, 54, true]);
  const esp = parse6(...ipv6(50, ...UDP));
  assert.deepEqual([esp.protocol, esp.sourcePort, esp.isWhole], [50, -1, true]);
});

test("IPv6: a payload length beyond the frame, and a jumbogram, are not whole", () => {
  const long = parse6(...ipv6(17, ...UDP).toSpliced(5, 1, 9));
  assert.deepEqual([long.ipVersion, long.protocol, long.packetEnd, long.isWhole], [6, -1, long.end, false]);
  const jumbo = parse6(...ipv6(0, 17, 0, 0xc2, 4, 0, 0, 0, 8, ...UDP).toSpliced(4, 2, 0, 0));
  assert.deepEqual([jumbo.ipVersion, jumbo.protocol, jumbo.isWhole], [6, -1, false]);
});

test("a super-frame of 64 KiB is read as any other frame", () => {
  const payload = new Uint8Array(65_535 - 20);
  const head = IPV4_UDP.toSpliced(2, 2, 0xff, 0xff).slice(0, 28);
  const frame = Uint8Array.from([...MACS, 0x08, 0x00, ...head, ...payload.subarray(8)]);
  const headers = new PacketHeaders();
  headers.parse(frame, 0, frame.length);
  assert.deepEqual([headers.packetEnd, headers.destinationPort, headers.isWhole], [frame.length, 53, true]);
});

test("a virtio-net header says whether there are many packets in one; without one there is one", () => {
  const headers = new PacketHeaders();
  const bytes = Uint8Array.from([0, 5, 0, 0, 8, 0, 34, 0, 6, 0, ...MACS, 0x08, 0x00, ...IPV4_UDP]);
  const superFrame = new Frame(bytes).set(bytes, 10, bytes.length, true);
  headers.parseFrame(superFrame);
  assert.deepEqual([headers.isSuperFrame, headers.destinationPort], [true, 53]);
  headers.parseFrame(superFrame.set(bytes, 10, bytes.length, false));
  assert.equal(headers.isSuperFrame, false);
  bytes[1] = 0;
  headers.parseFrame(superFrame.set(bytes, 10, bytes.length, true));
  assert.equal(headers.isSuperFrame, false);
});
