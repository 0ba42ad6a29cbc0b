import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Frame } from "../../src/wire/frame.ts";
import { clampMss } from "../../src/wire/mss.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { damagedFrame } from "./damaged-frame.ts";
import { frameOf, type Packet, packetArbitrary, partialChecksumBytes } from "./super-frame.ts";

const SYN = 0x02;

/** One option as its bytes; an MSS as its value. */
type Option = readonly number[] | { readonly mss: number };

const otherOption = fc.constantFrom<readonly number[]>(
  [1], // padding
  [4, 2], // selective acknowledgements are allowed
  [3, 3, 7], // window scale
  [8, 10, 1, 2, 3, 4, 0, 0, 0, 0], // timestamps
  [2, 3, 255], // not an MSS: of another length
);
const mssOption = fc.integer({ min: 0, max: 0xffff }).map((mss) => ({ mss }));
/** 20 bytes at most, so that the padded whole fits into the 40 that TCP has. */
const options = fc.array(fc.oneof<fc.Arbitrary<Option>[]>(otherOption, mssOption), { maxLength: 4 });

const isMss = (option: Option): option is { readonly mss: number } => "mss" in option;

/** All options in a multiple of four bytes, each MSS above `largest` lowered to it. */
function optionBytes(all: readonly Option[], largest = Number.POSITIVE_INFINITY): number[] {
  const bytes = all.flatMap((option) => {
    if (!isMss(option)) return option;
    const mss = Math.min(option.mss, largest);
    return [2, 4, mss >>> 8, mss & 0xff];
  });
  while (bytes.length % 4 !== 0) bytes.push(0);
  return bytes;
}

const synOf = (packet: Packet, tcpOptions: number[]): Packet => ({
  ...packet,
  protocol: "tcp",
  tcpFlags: packet.tcpFlags | SYN,
  tcpOptions,
});

const cases = fc.record({
  packet: packetArbitrary(fc.integer({ min: 0, max: 40 })),
  all: options,
  mtu: fc.integer({ min: 68, max: 9_000 }),
  padding: fc.integer({ min: 0, max: 6 }),
});

test("of a SYN every MSS that is too large is lowered, and the checksum is what a sender would have written", () => {
  fc.assert(
    fc.property(cases, ({ packet, all, mtu, padding }) => {
      const largest = mtu - (packet.ipVersion === 4 ? 40 : 60);
      const bytes = Uint8Array.from([
        ...frameOf(synOf(packet, optionBytes(all)), "complete"),
        ...Array(padding).fill(0),
      ]);
      const expected = frameOf(synOf(packet, optionBytes(all, largest)), "complete");
      const isLowered = clampMss(new Frame(bytes).set(bytes, 0, bytes.length, false), mtu);
      assert.equal(
        isLowered,
        all.some((option) => isMss(option) && option.mss > largest),
      );
      // 0 and 0xffff are the same sum; a naive sender writes the latter.
      assert.deepEqual(
        withoutZeroSum([...bytes.subarray(0, expected.length)], packet),
        withoutZeroSum(expected, packet),
      );
    }),
    { numRuns: 500 },
  );
});

test("where the checksum is left for later, its field stays as it is", () => {
  fc.assert(
    fc.property(cases, ({ packet, all, mtu }) => {
      const largest = mtu - (packet.ipVersion === 4 ? 40 : 60);
      const bytes = Uint8Array.from(partialChecksumBytes(synOf(packet, optionBytes(all))));
      clampMss(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true), mtu);
      assert.deepEqual([...bytes], partialChecksumBytes(synOf(packet, optionBytes(all, largest))));
    }),
    { numRuns: 500 },
  );
});

test("only SYNs are touched", () => {
  fc.assert(
    fc.property(cases, ({ packet, all }) => {
      const other = { ...synOf(packet, optionBytes(all)), tcpFlags: packet.tcpFlags & ~SYN };
      const bytes = Uint8Array.from(frameOf(other, "complete"));
      assert.equal(clampMss(new Frame(bytes).set(bytes, 0, bytes.length, false), 68), false);
      assert.deepEqual([...bytes], frameOf(other, "complete"));
    }),
  );
});

test("no input throws, and no byte outside of the frame decides or changes", () => {
  const synFrame = cases.map(({ packet, all }) => frameOf(synOf(packet, optionBytes(all)), "complete"));
  const hostile = fc.oneof(
    damagedFrame,
    fc.tuple(synFrame, fc.nat(120), fc.integer({ min: 0, max: 255 }), fc.nat(30)).map(([frame, at, value, cut]) => {
      const damaged = frame.slice(0, frame.length - cut);
      if (at < damaged.length) damaged[at] = value;
      return damaged;
    }),
  );
  fc.assert(
    fc.property(hostile, (frame) => {
      const results = [0x00, 0xff].map((around) => {
        const bytes = new Uint8Array(frame.length + 40).fill(around);
        bytes.set(frame, 20);
        clampMss(new Frame(bytes).set(bytes, 20, 20 + frame.length, false), 68);
        assert.ok(bytes.subarray(0, 20).every((byte) => byte === around));
        assert.ok(bytes.subarray(20 + frame.length).every((byte) => byte === around));
        return [...bytes.subarray(20, 20 + frame.length)];
      });
      assert.deepEqual(results[0], results[1]);
    }),
    { numRuns: 1500 },
  );
});

/** The frame with a TCP checksum of zero written as 0xffff. */
function withoutZeroSum(frame: number[], packet: Packet): number[] {
  const withField = frameOf({ ...packet, protocol: "tcp", tcpOptions: [], payload: [] }, "complete");
  const field = withField.length - 20 + 16;
  if (frame[field] === 0 && frame[field + 1] === 0) frame.splice(field, 2, 0xff, 0xff);
  return frame;
}
