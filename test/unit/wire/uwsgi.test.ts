import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_UWSGI_LIMITS, decodeUwsgi, encodeUwsgi, type UwsgiResult } from "../../../src/wire/uwsgi.ts";
import { toHex } from "./recorded-events.ts";

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

function decode(bytes: Uint8Array, limits = DEFAULT_UWSGI_LIMITS): UwsgiResult {
  return decodeUwsgi(bytes, 0, bytes.length, limits);
}

function varsOf(bytes: Uint8Array): [string, string][] {
  const result = decode(bytes);
  assert.ok(result.state === "done", JSON.stringify(result));
  return [...result.vars];
}

//              modifier1  size      modifier2  keylen key       vallen value
const GOLDEN = "00         0e00      00         0200   4142      0300   787a7a   0100 43 0000".replaceAll(" ", "");

describe("packets", () => {
  test("the layout is the uwsgi protocol's", () => {
    const vars: [string, string][] = [
      ["AB", "xzz"],
      ["C", ""],
    ];
    assert.equal(toHex(encodeUwsgi(0, vars)), GOLDEN);
    const result = decode(fromHex(`${GOLDEN}8200`));
    assert.deepEqual(result, { state: "done", modifier1: 0, modifier2: 0, vars: new Map(vars), consumed: 18 });
  });

  test("a packet may be empty and begin anywhere, and the modifiers are told", () => {
    const bytes = fromHex("ffff 01 0000 07");
    const result = decodeUwsgi(bytes, 2, bytes.length, DEFAULT_UWSGI_LIMITS);
    assert.deepEqual(result, { state: "done", modifier1: 1, modifier2: 7, vars: new Map(), consumed: 4 });
  });

  test("every beginning of a packet asks for more", () => {
    const bytes = fromHex(GOLDEN);
    for (let end = 0; end < bytes.length; end++) assert.equal(decode(bytes.slice(0, end)).state, "more");
  });

  test("the last value of a repeated key is the one", () => {
    assert.deepEqual(
      varsOf(
        encodeUwsgi(0, [
          ["A", "1"],
          ["B", "2"],
          ["A", "3"],
        ]),
      ),
      [
        ["A", "3"],
        ["B", "2"],
      ],
    );
  });

  test("names of object properties are just keys", () => {
    assert.deepEqual(varsOf(encodeUwsgi(0, [["__proto__", "1"]])), [["__proto__", "1"]]);
  });

  test("hundreds of variables are fine", () => {
    const vars = Array.from({ length: 900 }, (_, i): [string, string] => [`HTTP_X_${i}`, "value"]);
    assert.equal(varsOf(encodeUwsgi(0, vars)).length, 900);
  });
});

describe("text", () => {
  const withValue = (hex: string): Uint8Array => {
    const value = fromHex(hex);
    return fromHex(
      `00 ${toHex(Uint8Array.of(5 + value.length))}00 00 0100 41 ${toHex(Uint8Array.of(value.length))}00 ${hex}`,
    );
  };

  test("a value is UTF-8 when it can be", () => {
    assert.deepEqual(varsOf(withValue("6a6f73c3a9")), [["A", "josé"]]);
  });

  test("values that are not UTF-8 stay different from each other and from any that is", () => {
    const texts = ["ff", "fe", "c3bf", "c3", "61ff", "efbfbd"].map((hex) => varsOf(withValue(hex))[0]?.[1]);
    assert.equal(new Set(texts).size, texts.length);
    assert.equal(texts[4], "a\udcff");
  });
});

describe("faults", () => {
  const faults: [name: string, hex: string][] = [
    ["a key without its length", "00 0100 00 01"],
    ["a key past the packet", "00 0300 00 0200 41"],
    ["an empty key", "00 0400 00 0000 0000"],
    ["a key without a value", "00 0300 00 0100 41"],
    ["half a value length", "00 0400 00 0100 41 00"],
    ["a value past the packet", "00 0500 00 0100 41 0100"],
    ["a key past the packet but inside the buffer", "00 0300 00 0500 4141414141 0000"],
  ];
  for (const [name, hex] of faults) {
    test(`${name} is one`, () => assert.equal(decode(fromHex(hex)).state, "fault"));
  }

  test("one variable too many is one, repeated or not", () => {
    const bytes = encodeUwsgi(0, [
      ["A", "1"],
      ["A", "2"],
      ["A", "3"],
    ]);
    assert.equal(decode(bytes, { ...DEFAULT_UWSGI_LIMITS, maxVars: 3 }).state, "done");
    assert.equal(decode(bytes, { ...DEFAULT_UWSGI_LIMITS, maxVars: 2 }).state, "fault");
  });

  test("a size beyond the limit is one as soon as it is read", () => {
    assert.equal(decode(fromHex("00 ff0f 00"), { maxBytes: 4099, maxVars: 10 }).state, "more");
    assert.equal(decode(fromHex("00 0010 00"), { maxBytes: 4099, maxVars: 10 }).state, "fault");
  });
});

test("what does not fit the 16-bit sizes is not encoded", () => {
  assert.throws(() => encodeUwsgi(0, [["A", "x".repeat(65_536)]]), RangeError);
  assert.throws(
    () =>
      encodeUwsgi(0, [
        ["A", "x".repeat(40_000)],
        ["B", "x".repeat(40_000)],
      ]),
    RangeError,
  );
});
