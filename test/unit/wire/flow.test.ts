import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { flowHash } from "../../../src/wire/flow.ts";
import { isUrgent } from "../../../src/wire/urgency.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { frameOf, type Packet, packetArbitrary } from "../../property/super-frame.ts";

const MACS = "02aa00000001" + "02aa00000002";
const SEED = 0x1234_5678;

/** An Ethernet frame from hex, in the middle of other bytes. */
function frame(...hex: readonly string[]): {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
} {
  const body = Buffer.from(hex.join(""), "hex");
  const bytes = Buffer.concat([Buffer.alloc(3, 0xee), body, Buffer.alloc(60, 0x11)]);
  return { bytes, start: 3, end: 3 + body.length };
}

function hash(...hex: readonly string[]): number {
  const { bytes, start, end } = frame(...hex);
  return flowHash(bytes, start, end, SEED);
}

function urgent(...hex: readonly string[]): boolean {
  const { bytes, start, end } = frame(...hex);
  return isUrgent(bytes, start, end);
}

const u16 = (value: number): string => value.toString(16).padStart(4, "0");
/** No options, nothing checked but what a flow is: TOS, total length, fragment field, protocol, 10.0.0.1 to 10.0.0.2. */
const ipv4 = (protocol: string, payload: string, { tos = "00", fragment = "4000" } = {}): string =>
  `080045${tos}${u16(20 + payload.length / 2)}0001${fragment}40${protocol}00000a0000010a000002${payload}`;
const ipv6 = (next: string, payload: string, trafficClass = "00"): string =>
  `86dd6${trafficClass}00000${u16(payload.length / 2)}${next}40` +
  "fd000000000000000000000000000001fd000000000000000000000000000002" +
  payload;
/** Ports, sequence, acknowledgement, 20 bytes of header, flags, window, checksum, urgent pointer. */
const tcp = (ports: string, flags: string, payload = ""): string =>
  `${ports}000000010000000250${flags}ffff00000000${payload}`;
const udp = (ports: string, payload = ""): string => `${ports}${u16(8 + payload.length / 2)}0000${payload}`;
const UDP_PORTS = "c0011000";

describe("flow hash", () => {
  test("differs by address, protocol and port, and by nothing else", () => {
    const flow = hash(MACS, ipv4("11", udp(UDP_PORTS, "01020304")));
    assert.equal(hash(MACS, ipv4("11", udp(UDP_PORTS, "ffff"), { tos: "b8" })), flow);
    assert.equal(hash("ffffffffffff020000000009", ipv4("11", udp(UDP_PORTS))), flow, "MACs do not count for IP");
    assert.equal(hash(MACS, "8100000a", ipv4("11", udp(UDP_PORTS))), flow, "nor do VLAN tags");
    assert.equal(hash(MACS, "88a80001", "8100000a", ipv4("11", udp(UDP_PORTS))), flow);
    assert.notEqual(hash(MACS, ipv4("11", udp("c0011001"))), flow);
    assert.notEqual(hash(MACS, ipv4("06", udp(UDP_PORTS))), flow);
    assert.notEqual(hash(MACS, ipv4("11", udp(UDP_PORTS)).replace("0a000002", "0a000003")), flow);
    assert.notEqual(hash(MACS, ipv6("11", udp(UDP_PORTS))), hash(MACS, ipv6("11", udp("c0011001"))));
  });

  test("fragments of one packet are one flow, the first with its ports too", () => {
    const first = hash(MACS, ipv4("11", udp(UDP_PORTS), { fragment: "2000" }));
    const later = hash(MACS, ipv4("11", "deadbeef00000000", { fragment: "0001" }));
    assert.equal(first, later);
  });

  test("of what is no IP the MACs and the ethertype count", () => {
    assert.equal(hash(MACS, "88b5", "01"), hash(MACS, "88b5", "02"));
    assert.notEqual(hash(MACS, "88b5"), hash(MACS, "88b6"));
    assert.notEqual(hash(MACS, "88b5"), hash("02aa0000000302aa00000002", "88b5"));
  });

  test("bytes behind the frame's end do not count, whatever its headers say", () => {
    for (const packet of [ipv4("11", udp(UDP_PORTS)), ipv6("06", tcp("00500051", "10"))]) {
      const body = Buffer.from(MACS + packet, "hex");
      for (let length = 0; length <= body.length; length++) {
        const hashes = [0x00, 0xff].map((fill) => {
          const bytes = Buffer.concat([body.subarray(0, length), Buffer.alloc(64, fill)]);
          isUrgent(bytes, 0, length);
          return flowHash(bytes, 0, length, SEED);
        });
        assert.equal(hashes[0], hashes[1], `${length} bytes`);
      }
    }
  });

  test("is an unsigned 31-bit integer, another one for another seed, and spreads flows evenly", () => {
    const buckets = new Uint32Array(64);
    for (let port = 0; port < 6_400; port++) {
      const { bytes, start, end } = frame(MACS, ipv4("06", tcp(`${u16(port)}0050`, "10")));
      const value = flowHash(bytes, start, end, SEED);
      assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 31);
      assert.notEqual(value, flowHash(bytes, start, end, SEED + 1));
      (buckets[value % 64] as number)++;
    }
    assert.ok(Math.min(...buckets) > 50 && Math.max(...buckets) < 160, `${buckets}`);
  });
});

describe("urgency", () => {
  const ack = tcp("c0010050", "10");
  const cases: readonly (readonly [what: string, frame: string, expected: boolean])[] = [
    ["ARP", `0806${"00".repeat(28)}`, true],
    ["a pure TCP ACK", ipv4("06", ack), true],
    ["a pure TCP ACK in IPv6", ipv6("06", ack), true],
    ["a pure TCP ACK with Ethernet padding", `${ipv4("06", ack)}000000000000`, true],
    ["a SYN", ipv4("06", tcp("c0010050", "02")), true],
    ["a TCP segment with one byte", ipv4("06", tcp("c0010050", "18", "61")), false],
    ["a pure ACK in a fragment", ipv4("06", ack, { fragment: "2000" }), false],
    ["a DNS query", ipv4("11", udp("c0010035", "00".repeat(30))), true],
    ["a DNS answer in IPv6", ipv6("11", udp("0035c001", "00".repeat(400))), true],
    ["mDNS", ipv4("11", udp("14e914e9", "00".repeat(200))), true],
    ["a DNS answer of 1400 bytes", ipv4("11", udp("0035c001", "00".repeat(1_400))), false],
    ["DHCP", ipv4("11", udp("00440043", "00".repeat(300))), true],
    ["DHCPv6", ipv6("11", udp("02220223", "00".repeat(100))), true],
    ["other UDP", ipv4("11", udp("c0011000", "00".repeat(30))), false],
    ["a marked voice packet", ipv4("11", udp("c0011000", "00".repeat(172)), { tos: "b8" }), true],
    ["a marked voice packet in IPv6", ipv6("11", udp("c0011000", "00".repeat(160)), "b8"), true],
    ["a large marked packet", ipv4("11", udp("c0011000", "00".repeat(400)), { tos: "b8" }), false],
    ["an echo request", ipv4("01", `0800${"00".repeat(62)}`), true],
    ["a large echo request", ipv4("01", `0800${"00".repeat(400)}`), false],
    ["a neighbour solicitation", ipv6("3a", `87${"00".repeat(31)}`), true],
    ["a router advertisement of 300 bytes", ipv6("3a", `86${"00".repeat(299)}`), true],
    ["another protocol", "88b500", false],
  ];
  for (const [what, packet, expected] of cases) {
    test(`${what} ${expected ? "goes first" : "waits its turn"}`, () => {
      assert.equal(urgent(MACS, packet), expected);
      assert.equal(urgent(MACS, "8100000a", packet), expected, "behind a VLAN tag too");
    });
  }
});

test("whatever a packet looks like, flow and urgency come without a read beyond its frame", () => {
  const packet: fc.Arbitrary<Packet> = packetArbitrary(fc.integer({ min: 0, max: 100 }));
  fc.assert(
    fc.property(packet, fc.nat(), fc.nat({ max: 3 }), (one, cut, noise) => {
      const whole = frameOf(one, "complete");
      const end = cut % (whole.length + 1);
      const bytes = Uint8Array.from(whole.slice(0, end));
      for (let i = 0; i < noise; i++) bytes[(cut * (i + 7)) % Math.max(1, end)] = cut & 0xff;
      assert.ok(Number.isInteger(flowHash(bytes, 0, end, SEED)));
      assert.equal(typeof isUrgent(bytes, 0, end), "boolean");
    }),
    { numRuns: 500 },
  );
});

test("asking for flow and urgency allocates nothing", () => {
  const { bytes, start, end } = frame(MACS, ipv6("06", tcp("c0010050", "10")));
  let sum = 0;
  const growth = leastHeapGrowthBytes(() => {
    for (let i = 0; i < 100_000; i++) sum ^= flowHash(bytes, start, end, i) & (isUrgent(bytes, start, end) ? 1 : 3);
  });
  assert.ok(sum >= 0);
  assert.ok(growth < 200_000, `the heap grew by ${growth} bytes`);
});
