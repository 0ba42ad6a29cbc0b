import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  encodeLoopProbe,
  LOOP_PROBE_BYTES,
  loopProbeFields,
  loopProbeHasNonce,
  loopProbePortIndex,
  loopProbeSlot,
} from "../../../src/wire/loop-probe.ts";

const NONCE = "000102030405060708090a0b0c0d0e0f";
const PROBE = Buffer.from(
  [
    "01005e000000", // destination: the group of 224.0.0.0
    "02c1d2e3f4a5", // source
    "88b5", // ethertype
    "76706e77734c5031", // magic, "vpnwsLP1"
    "0fff", // index of the port
    "0007", // slot
    NONCE,
    "00".repeat(18), // to the least length of a frame
  ].join(""),
  "hex",
);
const AT = 14;

/** The probe with the bytes of `hex` put in at `at`. */
function changed(at: number, hex: string): Buffer {
  const bytes = Buffer.from(PROBE);
  bytes.write(hex, at, "hex");
  return bytes;
}

describe("loop probe", () => {
  test("is laid out as documented", () => {
    const bytes = Buffer.alloc(LOOP_PROBE_BYTES + 4, 0xee);
    const nonces = Buffer.from(`ffff${NONCE}ffff`, "hex");
    const sourceLo = 0xd2e3f4a5 | 0;
    encodeLoopProbe({ sourceHi: 0x02c1, sourceLo, portIndex: 0xfff, slot: 7, nonces, nonceAt: 2 }, bytes, 2);
    assert.deepEqual(bytes, Buffer.concat([Buffer.from("eeee", "hex"), PROBE, Buffer.from("eeee", "hex")]));
  });

  test("is known by its destination, its ethertype and its magic, and its fields are read", () => {
    assert.equal(loopProbeFields(PROBE, 0, PROBE.length), AT);
    assert.equal(loopProbePortIndex(PROBE, AT), 0xfff);
    assert.equal(loopProbeSlot(PROBE, AT), 7);
    for (const other of [changed(5, "01"), changed(0, "33"), changed(13, "b6"), changed(14, "77"), changed(21, "32")]) {
      assert.equal(loopProbeFields(other, 0, other.length), -1);
    }
  });

  test("is known behind VLAN tags that a bridge on the way put in", () => {
    const tag = Buffer.from("81000064", "hex");
    const tagged = Buffer.concat([PROBE.subarray(0, 12), tag, tag, PROBE.subarray(12)]);
    assert.equal(loopProbeFields(tagged, 0, tagged.length), AT + 8);
    assert.equal(loopProbePortIndex(tagged, AT + 8), 0xfff);
  });

  test("is none if it is cut short, whatever lies behind", () => {
    for (let end = 14; end <= PROBE.length; end++) {
      assert.equal(loopProbeFields(PROBE, 0, end), end < 42 ? -1 : AT, `${end} bytes`);
    }
  });

  test("carries a nonce if all of its bytes do", () => {
    const nonces = Buffer.from(`ffff${NONCE}`, "hex");
    assert.equal(loopProbeHasNonce(PROBE, AT, nonces, 2), true);
    for (let i = 0; i < 16; i++) {
      const other = Buffer.from(nonces);
      other[2 + i] = (other[2 + i] as number) ^ 0x80;
      assert.equal(loopProbeHasNonce(PROBE, AT, other, 2), false);
    }
  });
});
