import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { canonicalPath } from "../../../src/access/policy-path.ts";

describe("policy-path", () => {
  test("two spellings of a path have one form", () => {
    const spellings: readonly [string, string][] = [
      ["/office", "/office"],
      ["/%6fffice", "/office"],
      ["/%6Fffice?token=x", "/office"],
      ["/office#top", "/office"],
      ["/b%c3%bcro", "/b%C3%BCro"],
      ["/büro", "/b%C3%BCro"],
      ["/a b", "/a%20b"],
    ];
    for (const [spelling, form] of spellings) assert.equal(canonicalPath(spelling), form, spelling);
  });

  test("what means something else stays something else", () => {
    assert.notEqual(canonicalPath("/a%2Fb"), canonicalPath("/a/b"));
    assert.notEqual(canonicalPath("/a%3Fb"), canonicalPath("/a?b"));
    assert.notEqual(canonicalPath("/%252e"), canonicalPath("/%2e"));
    assert.notEqual(canonicalPath("/Office"), canonicalPath("/office"));
    assert.notEqual(canonicalPath("/office/"), canonicalPath("/office"));
    assert.notEqual(canonicalPath("/x/../office"), canonicalPath("/office"));
  });

  test("every text has a form, and the form is its own", () => {
    assert.equal(canonicalPath("/%zz%"), "/%zz%");
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constant("/\ud800%e"), fc.webPath()), (path) => {
        const form = canonicalPath(path);
        assert.match(form, /^[\x21-\x7e]*$/);
        assert.equal(canonicalPath(form), form);
      }),
    );
  });
});
