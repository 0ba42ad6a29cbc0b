import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatJson } from "../../../src/cli/json-text.ts";

test("JSON means the same, and nothing in it moves a terminal", () => {
  assert.equal(formatJson({ a: "\u009b2J\u202e" }), '{"a":"\\u009b2J\\u202e"}');
  assert.equal(formatJson("\u{e0001}"), '"\\udb40\\udc01"');
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = formatJson(value, indent);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
