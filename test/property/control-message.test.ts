import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ControlMessage, formatControlMessage, parseControlMessage } from "../../src/wire/control-message.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";

const phrase = fc.stringMatching(/^[ -~äß€]{0,40}$/);
const mtu = fc.integer({ min: 68, max: 65_535 });
const offloads = fc.nat(0x7f).map((bits) => bits & OFFLOAD_ALL);
const kind = <K extends ControlMessage["kind"]>(name: K): fc.Arbitrary<K> => fc.constant(name);

const message: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.record({ kind: kind("hello"), agent: phrase, mtu, offloads }),
  fc.record({
    kind: kind("welcome"),
    agent: phrase,
    mtu,
    offloads,
    maxMessageBytes: fc.integer({ min: 128, max: 2 ** 24 }),
  }),
  fc.record(
    {
      kind: kind("credential"),
      token: fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,80}={0,2}$/),
      user: fc.stringMatching(/^[ -~äß€]{1,40}$/),
      expiresMs: fc.nat(8.64e15),
    },
    { requiredKeys: ["kind", "token", "user"] },
  ),
  fc.record({ kind: kind("quiet"), forMs: fc.nat(150_000) }),
  fc.record({ kind: kind("update"), mtu, offloads }, { requiredKeys: ["kind"] }),
  fc.record(
    {
      kind: kind("bye"),
      reason: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      message: phrase,
      retryAfterMs: fc.nat(86_400_000),
    },
    { requiredKeys: ["kind", "reason", "message"] },
  ),
);

test("every message survives the trip", () => {
  fc.assert(
    fc.property(message, (given) => {
      // By way of JSON: fast-check's records have no prototype.
      const expected: unknown = JSON.parse(JSON.stringify(given));
      assert.deepEqual(parseControlMessage(formatControlMessage(given)), { state: "message", message: expected });
    }),
    { numRuns: 300 },
  );
});

test("fields of a newer version change nothing", () => {
  const extra = fc.dictionary(
    fc.string().map((name) => `x${name}`),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(message, extra, (given, more) => {
      const result = parseControlMessage(JSON.stringify({ ...more, ...given }));
      fc.pre(result.state !== "fault" || !/characters/.test(result.message));
      assert.deepEqual(result, parseControlMessage(formatControlMessage(given)));
    }),
    { numRuns: 300 },
  );
});

test("a field of any other value is never taken as it is out of range", () => {
  const field = fc.constantFrom(
    "kind",
    "agent",
    "mtu",
    "offloads",
    "maxMessageBytes",
    "reason",
    "message",
    "retryAfterMs",
    "token",
    "user",
    "expiresMs",
  );
  fc.assert(
    fc.property(message, field, fc.oneof(fc.jsonValue(), fc.double(), fc.integer()), (given, name, value) => {
      const result = parseControlMessage(JSON.stringify({ ...given, [name]: value }));
      if (result.state !== "message") return;
      const { mtu: read = 1500, offloads: bits = 0 } = { mtu: undefined, offloads: undefined, ...result.message };
      assert.ok(Number.isInteger(read) && read >= 68 && read <= 65_535);
      assert.equal(bits & ~OFFLOAD_ALL, 0);
    }),
    { numRuns: 600 },
  );
});

test("any text is survived", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"kind":"hello","mtu":${json}}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      assert.ok(["message", "unknown", "fault"].includes(parseControlMessage(given).state));
    }),
    { numRuns: 600 },
  );
});
