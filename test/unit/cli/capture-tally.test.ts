import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CaptureTally } from "../../../src/cli/capture-tally.ts";

/** A block of a pcapng file: type, length, body, length. */
function block(type: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  body.copy(bytes, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

function option(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(8, 2);
  bytes.writeBigUInt64LE(BigInt(value), 4);
  return bytes;
}

const COMMENT = Buffer.from([1, 0, 3, 0, 0x61, 0x62, 0x63, 0]);
const NO_MORE = Buffer.alloc(4);

/** Interface, time, captured and original length, the frame, options. */
function packet(interfaceId: number, frame: string, lost: number): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(interfaceId, 0);
  head.writeUInt32LE(frame.length, 12);
  const padded = Buffer.alloc((frame.length + 3) & ~3, frame.padEnd((frame.length + 3) & ~3, "\0"));
  const options = lost === 0 ? [] : [COMMENT, option(4, lost), NO_MORE];
  return block(6, Buffer.concat([head, padded, ...options]));
}

function statistics(interfaceId: number, lost: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(interfaceId, 0);
  return block(5, Buffer.concat([head, option(4, 999), option(5, lost), NO_MORE]));
}

const SECTION = block(0x0a0d0d0a, Buffer.alloc(16));

describe("the tally of a capture", () => {
  test("counts packets, and those that are missing", () => {
    const tally = new CaptureTally();
    tally.push(Buffer.concat([SECTION, packet(0, "a frame", 0), packet(1, "another", 4), packet(0, "", 3)]));
    assert.deepEqual([tally.packets, tally.lost], [3, 7]);
    tally.push(statistics(0, 5));
    assert.equal(tally.lost, 9, "of an interface, what is told of it in all");
    tally.push(Buffer.concat([packet(0, "more", 6), statistics(1, 4)]));
    assert.deepEqual([tally.packets, tally.lost], [4, 13]);
  });

  test("passes on whole blocks, and nothing else, however the file is cut", () => {
    const file = Buffer.concat([SECTION, packet(0, "one", 0), statistics(0, 2), packet(0, "two", 1)]);
    fc.assert(
      fc.property(fc.array(fc.nat(file.length)), (cuts) => {
        const at = [0, ...cuts, file.length].sort((a, b) => a - b);
        const tally = new CaptureTally();
        const given = at.slice(1).map((to, index) => Buffer.from(tally.push(file.subarray(at[index], to))));
        assert.deepEqual(Buffer.concat(given), file);
        assert.deepEqual([tally.packets, tally.lost], [2, 2]);
      }),
    );
    const tally = new CaptureTally();
    assert.equal(tally.push(file.subarray(0, file.length - 1)).length, file.length - packet(0, "two", 1).length);
  });

  test("takes nothing that is no such file", () => {
    for (const bytes of [
      "<html>  </html>",
      "\u0006\0\0\0\u0004\0\0\0",
      "\u0006\0\0\0\u000d\0\0\0",
      "\u0006\0\0\0\0\0\0\u00ff",
    ]) {
      assert.throws(() => new CaptureTally().push(Buffer.from(bytes, "latin1")), /no capture/);
    }
  });

  test("survives any bytes in blocks of the right length", () => {
    fc.assert(
      fc.property(fc.constantFrom(5, 6), fc.uint8Array({ maxLength: 200 }), (type, body) => {
        const whole = block(type, Buffer.from(body.subarray(0, body.length & ~3)));
        assert.equal(new CaptureTally().push(whole).length, whole.length);
      }),
    );
  });
});
