import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { Ipv4Fragmenter } from "../../../src/wire/ip-fragment.ts";

const LINK = "02000000000b" + "02000000000a" + "0800";
// version and length, 44 bytes, id, may be fragmented, TTL 64, UDP, checksum, 10.9.0.1 to 10.9.0.2
const IPV4 = `4500002c${"12340000"}40110000${"0a090001"}0a090002`;
const PAYLOAD = "000102030405060708090a0b0c0d0e0f1011121314151617"; // 24 bytes

function fragments(hex: string, mtu: number): { drop: number; frames: string[] } {
  const bytes = Buffer.from(hex, "hex");
  const frames: string[] = [];
  const drop = new Ipv4Fragmenter().fragment(bytes, 0, bytes.length, mtu, (from, start, end) => {
    frames.push(Buffer.from(from.subarray(start, end)).toString("hex"));
  });
  return { drop, frames };
}

describe("fragments of an IPv4 packet", () => {
  test("have lengths, offsets and checksums of their own", () => {
    const { drop, frames } = fragments(`${LINK}${IPV4}${PAYLOAD}`, 39); // 16 bytes of payload each: 19 down to an eight
    assert.equal(drop, Drop.none);
    assert.deepEqual(frames, [
      // 36 bytes, more fragments, offset 0
      `${LINK}45000024${"12342000"}4011${"3481"}0a090001${"0a090002"}${PAYLOAD.slice(0, 32)}`,
      // 28 bytes, the last, offset 2 · 8
      `${LINK}4500001c${"12340002"}4011${"5487"}0a090001${"0a090002"}${PAYLOAD.slice(32)}`,
    ]);
  });

  test("are not made of what says that it may not be fragmented, nor of what is no IPv4", () => {
    const hidden = [
      `${LINK}${IPV4.replace("12340000", "12344000")}${PAYLOAD}`,
      `${LINK.replace("0800", "86dd")}${IPV4}${PAYLOAD}`,
      `${LINK}${IPV4}${PAYLOAD.slice(2)}`, // cut short
      `${LINK}${IPV4.replace("45", "44")}${PAYLOAD}`,
      LINK,
    ];
    for (const hex of hidden) assert.deepEqual(fragments(hex, 39), { drop: Drop.tooBig, frames: [] });
  });

  test("are at most 53, and carry eight bytes at least", () => {
    const long = (payloadBytes: number): string =>
      `${LINK}${IPV4.replace("4500002c", `4500${(20 + payloadBytes).toString(16).padStart(4, "0")}`)}${"77".repeat(payloadBytes)}`;
    assert.equal(fragments(long(53 * 8), 28).frames.length, 53);
    assert.deepEqual(fragments(long(53 * 8 + 1), 28), { drop: Drop.tooBig, frames: [] });
    assert.deepEqual(fragments(long(16), 27), { drop: Drop.tooBig, frames: [] });
    assert.equal(fragments(long(65_515), 1280).frames.length, 53, "the largest packet, over the least MTU of IPv6");
  });
});
