import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import { Ipv4Fragmenter, MAX_IPV4_FRAGMENTS } from "../../src/wire/ip-fragment.ts";
import { damagedFrame } from "./damaged-frame.ts";
import { frameOf, naiveChecksum, packetArbitrary } from "./super-frame.ts";

const fragmenter = new Ipv4Fragmenter();

function fragmentsOf(frame: readonly number[], mtu: number): { drop: number; frames: number[][] } {
  const bytes = Uint8Array.from([0xee, 0xee, 0xee, ...frame, 0xee, 0xee]);
  const frames: Uint8Array[] = [];
  const drop = fragmenter.fragment(bytes, 3, 3 + frame.length, mtu, (from, start, end) => {
    frames.push(from.subarray(start, end));
  });
  // Read when all are there: none may lie over another.
  return { drop, frames: frames.map((one) => [...one]) };
}

interface Parsed {
  readonly link: number[];
  readonly options: number[];
  readonly offset: number;
  readonly more: boolean;
  readonly payload: number[];
}

function parse(frame: readonly number[], linkBytes: number): Parsed {
  const packet = frame.slice(linkBytes);
  const headerBytes = ((packet[0] ?? 0) & 0x0f) * 4;
  assert.equal(naiveChecksum(packet.slice(0, headerBytes)), 0, "the header's checksum is right");
  assert.equal(((packet[2] ?? 0) << 8) | (packet[3] ?? 0), packet.length, "the length is right");
  const field = ((packet[6] ?? 0) << 8) | (packet[7] ?? 0);
  assert.equal(field & 0x4000, 0);
  return {
    link: frame.slice(0, linkBytes),
    options: packet.slice(20, headerBytes),
    offset: (field & 0x1fff) * 8,
    more: (field & 0x2000) !== 0,
    payload: packet.slice(headerBytes),
  };
}

const packets = fc.record({
  packet: packetArbitrary(fc.integer({ min: 0, max: 3_000 })).map((packet) => ({
    ...packet,
    ipVersion: 4 as const,
    ipv4Options: [],
  })),
  mtu: fc.integer({ min: 68, max: 1_500 }),
  padding: fc.integer({ min: 0, max: 3 }),
  field: fc.constantFrom(0x0000, 0x2000, 0x2010, 0x0010),
});

test("the fragments of a packet fit, and are the packet again when they are put together", () => {
  fc.assert(
    fc.property(packets, ({ packet, mtu, padding, field }) => {
      const whole = frameOf(packet, "complete");
      const linkBytes = 14 + 4 * packet.vlanTags.length;
      whole.splice(linkBytes + 6, 2, field >> 8, field & 0xff);
      const { drop, frames } = fragmentsOf([...whole, ...Array(padding).fill(0)], mtu);
      if (drop !== Drop.none) {
        const perFragment = (mtu - 20) & ~7;
        assert.ok(whole.length - linkBytes - 20 > perFragment * MAX_IPV4_FRAGMENTS);
        return;
      }
      let offset = (field & 0x1fff) * 8;
      for (const [i, frame] of frames.entries()) {
        assert.ok(frame.length - linkBytes <= mtu);
        const parsed = parse(frame, linkBytes);
        assert.deepEqual(parsed.link, whole.slice(0, linkBytes));
        assert.equal(parsed.offset, offset);
        assert.equal(parsed.more, i < frames.length - 1 || (field & 0x2000) !== 0);
        if (i < frames.length - 1) assert.equal(parsed.payload.length % 8, 0);
        offset += parsed.payload.length;
      }
      assert.deepEqual(
        frames.flatMap((frame) => parse(frame, linkBytes).payload),
        whole.slice(linkBytes + 20),
      );
    }),
    { numRuns: 200 },
  );
});

test("later fragments have those options that are to be copied, and no other", () => {
  const option = fc.constantFrom([1], [0x07, 4, 4, 0], [0x83, 7, 4, 1, 2, 3, 4], [0x94, 4, 0, 0]);
  fc.assert(
    fc.property(fc.array(option, { maxLength: 5 }), packets, (all, { packet }) => {
      const padded = (bytes: number[]): number[] => [...bytes, ...Array((4 - (bytes.length % 4)) % 4).fill(0)];
      const ipv4Options = padded(all.flat());
      const whole = frameOf({ ...packet, vlanTags: [], ipv4Options, payload: Array(1_000).fill(7) }, "complete");
      whole.splice(14 + 6, 2, 0, 0);
      const { frames } = fragmentsOf(whole, 300);
      const [first, ...later] = frames.map((frame) => parse(frame, 14).options);
      assert.deepEqual(first, ipv4Options);
      const copied = padded(all.filter(([type = 0]) => type & 0x80).flat());
      assert.ok(later.length >= 3);
      for (const options of later) assert.deepEqual(options, copied);
    }),
    { numRuns: 100 },
  );
});

test("whatever comes, nothing throws, and what is given fits", () => {
  fc.assert(
    fc.property(damagedFrame, fc.integer({ min: 0, max: 100 }), (frame, mtu) => {
      const { drop, frames } = fragmentsOf(frame, mtu);
      if (drop !== Drop.none) assert.equal(frames.length, 0);
      for (const one of frames) assert.ok(one.length <= mtu + 22);
    }),
    { numRuns: 1_000 },
  );
});
