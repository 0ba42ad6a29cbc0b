import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { markCongestion } from "../../../src/wire/ecn.ts";
import { frameOf, naiveChecksum, packetArbitrary } from "../../property/super-frame.ts";

describe("congestion mark", () => {
  test("is set for capable senders only, with the IPv4 header's checksum, and changes nothing else", () => {
    const ecn = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(packetArbitrary(fc.integer({ min: 0, max: 40 })), ecn, fc.nat({ max: 0xff }), (packet, bits, tos) => {
        const frame = frameOf(packet, "partial");
        const at = 14 + 4 * packet.vlanTags.length;
        if (packet.ipVersion === 4) frame[at + 1] = (tos & 0xfc) | bits;
        else frame[at + 1] = ((frame[at + 1] as number) & 0xcf) | (bits << 4);
        const header = 20 + packet.ipv4Options.length;
        const withSum = (bytes: number[]): number[] => {
          if (packet.ipVersion === 6) return bytes;
          bytes.splice(at + 10, 2, 0, 0);
          const sum = naiveChecksum(bytes.slice(at, at + header));
          bytes.splice(at + 10, 2, sum >>> 8, sum & 0xff);
          return bytes;
        };
        const bytes = Uint8Array.from([0xee, ...withSum(frame), 0xee]);
        const before = bytes.slice();
        assert.equal(markCongestion(bytes, 1, bytes.length - 1), bits !== 0);
        const expected = [...frame];
        if (bits !== 0) expected[at + 1] = (expected[at + 1] as number) | (packet.ipVersion === 4 ? 0x03 : 0x30);
        const marked = Uint8Array.from([0xee, ...withSum(expected), 0xee]);
        assert.deepEqual(bytes, bits === 0 ? before : marked);
      }),
      { numRuns: 300 },
    );
  });

  test("is not set in what is no IP, or cut short before its header ends", () => {
    const arp = Uint8Array.from(Buffer.from(`02aa0000000102aa000000020806${"ff".repeat(28)}`, "hex"));
    assert.equal(markCongestion(arp, 0, arp.length), false);
    const ip = Uint8Array.from(Buffer.from(`02aa0000000102aa0000000208004503${"ff".repeat(18)}`, "hex"));
    for (let end = 0; end < ip.length; end++) assert.equal(markCongestion(ip, 0, end), false);
    assert.equal(markCongestion(ip, 0, ip.length), true);
  });
});
