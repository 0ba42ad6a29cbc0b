import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Frame } from "../../src/wire/frame.ts";
import { TooBigAnswer } from "../../src/wire/icmp-too-big.ts";
import { damagedFrame } from "./damaged-frame.ts";
import { frameOf, naiveChecksum, type Packet, packetArbitrary } from "./super-frame.ts";

const be16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value & 0xffff)];
const answer = new TooBigAnswer();

function answerTo(frame: readonly number[], mtu: number): number[] | undefined {
  const bytes = Uint8Array.from(frame);
  if (!answer.make(new Frame(bytes).set(bytes, 0, bytes.length, false), mtu)) return undefined;
  const { bytes: made, start, end } = answer.frame;
  return [...made.subarray(start, end)];
}

/** Behind the Ethernet header and `linkBytes` of it. */
function naiveAnswer({ ipVersion, vlanTags, source, destination }: Packet, frame: number[], mtu: number): number[] {
  const linkBytes = 14 + 4 * vlanTags.length;
  const link = [...frame.slice(6, 12), ...frame.slice(0, 6), ...frame.slice(12, linkBytes)];
  const packet = frame.slice(linkBytes);
  if (ipVersion === 4) {
    const icmp = [3, 4, 0, 0, 0, 0, ...be16(mtu), ...packet.slice(0, 576 - 28)];
    icmp.splice(2, 2, ...be16(naiveChecksum(icmp)));
    const ip = [0x45, 0xc0, ...be16(20 + icmp.length), 0, 0, 0x40, 0, 64, 1, 0, 0];
    ip.push(...destination.slice(0, 4), ...source.slice(0, 4));
    ip.splice(10, 2, ...be16(naiveChecksum(ip)));
    return [...link, ...ip, ...icmp];
  }
  const icmp = [2, 0, 0, 0, ...be32(Math.max(mtu, 1280)), ...packet.slice(0, 1280 - 48)];
  icmp.splice(2, 2, ...be16(naiveChecksum([...destination, ...source, ...be32(icmp.length), ...be32(58), ...icmp])));
  return [...link, 0x60, 0, 0, 0, ...be16(icmp.length), 58, 64, ...destination, ...source, ...icmp];
}

const cases = fc.record({
  packet: packetArbitrary(fc.integer({ min: 0, max: 1_600 })).map((packet) => ({
    ...packet,
    // Addresses of hosts.
    source: [10, ...packet.source.slice(1)],
    destination: [11, ...packet.destination.slice(1)],
  })),
  mtu: fc.integer({ min: 68, max: 9_000 }),
});

test("the answer is what one who builds it from the description would send", () => {
  fc.assert(
    fc.property(cases, ({ packet, mtu }) => {
      const frame = frameOf(packet, "complete");
      assert.deepEqual(answerTo(frame, mtu), naiveAnswer(packet, frame, mtu));
    }),
    { numRuns: 200 },
  );
});

test("whatever comes, nothing throws, and no answer is larger than every host takes", () => {
  fc.assert(
    fc.property(damagedFrame, (frame) => {
      const made = answerTo(frame, 1_000);
      if (made === undefined) return;
      assert.ok(made.length <= 1280 + 22);
      assert.equal(answerTo(made, 1_000), undefined, "an answer has no answer");
    }),
    { numRuns: 1_000 },
  );
});
