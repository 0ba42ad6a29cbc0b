import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_UWSGI_LIMITS, decodeUwsgi, encodeUwsgi } from "../../src/wire/uwsgi.ts";

const limits = DEFAULT_UWSGI_LIMITS;
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const vars = fc.array(
  fc.tuple(
    text.filter((key) => key !== ""),
    text,
  ),
  { maxLength: 8 },
);

/** A naive reader: slices and Buffer, undefined for a fault. Keys and values as hex. */
function varsByBuffer(packet: Buffer): Map<string, string> | undefined {
  const strings: Buffer[] = [];
  for (let rest = packet; rest.length > 0; ) {
    if (rest.length < 2 || rest.length < 2 + rest.readUInt16LE()) return undefined;
    strings.push(rest.subarray(2, 2 + rest.readUInt16LE()));
    rest = rest.subarray(2 + rest.readUInt16LE());
  }
  const result = new Map<string, string>();
  for (let i = 0; i < strings.length; i += 2) {
    const [key, value] = strings.slice(i, i + 2);
    if (key === undefined || value === undefined || key.length === 0) return undefined;
    result.set(key.toString("hex"), value.toString("hex"));
  }
  return result;
}

/** The bytes of a text that `decodeUwsgi` gave: UTF-8, or lone surrogates for bytes that were not. */
function bytesOf(value: string): string {
  if (!/\p{Cs}/u.test(value)) return Buffer.from(value).toString("hex");
  return Buffer.from([...value].map((char) => (char.codePointAt(0) as number) & 0xff)).toString("hex");
}

test("what was encoded is decoded, and every beginning of it asks for more", () => {
  fc.assert(
    fc.property(vars, fc.nat(255), fc.uint8Array({ maxLength: 5 }), (list, modifier1, behind) => {
      const packet = encodeUwsgi(modifier1, list);
      const bytes = Uint8Array.from([...packet, ...behind]);
      const result = decodeUwsgi(bytes, 0, bytes.length, limits);
      assert.deepEqual(result, {
        state: "done",
        modifier1,
        modifier2: 0,
        vars: new Map(list),
        consumed: packet.length,
      });
      for (let end = 0; end < packet.length; end++) {
        assert.equal(decodeUwsgi(packet, 0, end, limits).state, "more");
      }
    }),
    { numRuns: 200 },
  );
});

test("any packet is read as a naive reader reads it, no byte of its texts lost", () => {
  const string = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => [bytes.length, 0, ...bytes]),
    fc.constantFrom([0, 0], [1], [255, 255], [0, 1]),
  );
  const body = fc.array(string, { maxLength: 8 }).map((strings) => strings.flat());
  fc.assert(
    fc.property(body, (packet) => {
      const bytes = Uint8Array.from([0, packet.length, 0, 0, ...packet]);
      const result = decodeUwsgi(bytes, 0, bytes.length, limits);
      const expected = varsByBuffer(Buffer.from(packet));
      assert.equal(result.state, expected === undefined ? "fault" : "done");
      if (result.state !== "done") return;
      assert.deepEqual(new Map([...result.vars].map(([key, value]) => [bytesOf(key), bytesOf(value)])), expected);
    }),
    { numRuns: 2000 },
  );
});

test("arbitrary bytes are survived", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const result = decodeUwsgi(bytes, 0, bytes.length, { maxBytes: 60, maxVars: 3 });
      if (result.state === "done") assert.ok(result.consumed <= 60 && result.vars.size <= 3);
    }),
    { numRuns: 2000 },
  );
});
