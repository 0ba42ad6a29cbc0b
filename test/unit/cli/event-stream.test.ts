import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { EventStreamParser, type StreamedMessage } from "../../../src/cli/event-stream.ts";

const read = (...texts: readonly string[]): readonly StreamedMessage[] => {
  const parser = new EventStreamParser();
  return texts.flatMap((text) => parser.push(text));
};

describe("a stream of server-sent events", () => {
  test("is messages of fields, each ended by an empty line", () => {
    assert.deepEqual(read('event: hello\ndata: {"a":1}\n\n: a comment\n\ndata:no blank\nid: 7\n\ndata\n\n'), [
      { event: "hello", data: '{"a":1}', id: "" },
      { event: "message", data: "no blank", id: "7" },
      { event: "message", data: "", id: "7" },
    ]);
  });

  test("joins the lines of a message, and has none without data", () => {
    assert.deepEqual(read("data: one\ndata:  two\n\nevent: empty\n\n"), [
      { event: "message", data: "one\n two", id: "" },
    ]);
  });

  test("takes no message that does not end", () => {
    assert.deepEqual(read("data: half\n"), []);
    const parser = new EventStreamParser();
    assert.throws(() => {
      for (;;) parser.push("x".repeat(100_000));
    }, /too long/);
    const lines = new EventStreamParser();
    assert.throws(() => {
      for (;;) lines.push(`data: ${"x".repeat(10_000)}\n`);
    }, /too long/);
  });

  test("is the same however its lines end, and wherever it is cut", () => {
    const ends = fc.constantFrom("\n", "\r\n");
    const line = fc.string({ unit: fc.constantFrom("a", "é", ":", " ") }).map((text) => `data: ${text}`);
    fc.assert(
      fc.property(fc.array(fc.array(line, { minLength: 1 })), ends, fc.array(fc.nat(200)), (messages, end, cuts) => {
        const whole = messages.map((lines) => [...lines, "", ""].join(end)).join("");
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((to, index) => whole.slice(at[index], to));
        assert.deepEqual(read(...pieces), read(whole));
        assert.equal(read(whole).length, messages.length);
      }),
    );
  });
});
