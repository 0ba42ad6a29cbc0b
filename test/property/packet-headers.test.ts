import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PacketHeaders } from "../../src/wire/packet-headers.ts";
import { damagedFrame, wellFormedFrame } from "./damaged-frame.ts";
import { type NaiveHeaders, naiveHeaders } from "./naive-headers.ts";

/** One reader for all frames, as in use: what it said of the last one must not show. */
const headers = new PacketHeaders();

/** What is said of a frame that lies among other bytes, with offsets from its start. */
function read(frame: readonly number[], before: number, around: number): NaiveHeaders {
  const bytes = new Uint8Array(before + frame.length + 100).fill(around);
  bytes.set(frame, before);
  headers.parse(bytes, before, before + frame.length);
  const fromStart = (offset: number): number => (offset < 0 ? offset : offset - before);
  const { etherType, vlanId, tags, ipVersion, protocol, fragment, sourcePort, destinationPort, isWhole } = headers;
  return {
    ...{ etherType, vlanId, tags, ipVersion, protocol, fragment, sourcePort, destinationPort, isWhole },
    network: fromStart(headers.network),
    packetEnd: fromStart(headers.packetEnd),
    sourceIp: fromStart(headers.sourceIp),
    destinationIp: fromStart(headers.destinationIp),
    transport: fromStart(headers.transport),
  };
}

for (const [name, frames] of Object.entries({ "well-formed": wellFormedFrame, damaged: damagedFrame })) {
  test(`the headers of ${name} frames are read as the naive reader does, wherever they lie`, () => {
    fc.assert(
      fc.property(frames, fc.nat(20), fc.nat(255), (frame, before, around) => {
        assert.deepEqual(read(frame, before, around), naiveHeaders(frame));
      }),
      { numRuns: 4000 },
    );
  });
}

test("what is found lies inside the packet, and the packet inside the frame", () => {
  fc.assert(
    fc.property(damagedFrame, (frame) => {
      const { network, packetEnd, sourceIp, destinationIp, transport, ipVersion, isWhole } = read(frame, 0, 0xff);
      const addressBytes = ipVersion === 4 ? 4 : 16;
      assert.ok(packetEnd <= frame.length && network <= packetEnd);
      if (ipVersion === 0) assert.deepEqual([sourceIp, destinationIp, transport], [-1, -1, -1]);
      else assert.ok(network < sourceIp && sourceIp + addressBytes === destinationIp);
      if (ipVersion !== 0) assert.ok(destinationIp + addressBytes <= packetEnd);
      if (transport >= 0) assert.ok(isWhole && transport >= destinationIp + addressBytes && transport <= packetEnd);
    }),
    { numRuns: 2000 },
  );
});
