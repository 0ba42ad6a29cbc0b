import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { commonNames, MAX_DISTINGUISHED_NAME_LENGTH } from "../../../src/access/distinguished-name.ts";

describe("common names of a distinguished name", () => {
  const readable: readonly (readonly [text: string, names: readonly string[]])[] = [
    ["CN=alice", ["alice"]],
    ["CN=alice,OU=Staff,O=Example,C=DE", ["alice"]],
    ["O=Example, cn = alice ", ["alice"]],
    ["2.5.4.3=alice", ["alice"]],
    ["O=Example", []],
    ["CN=", [""]],
    ["CN=alice\\, bob", ["alice, bob"]],
    ["CN=alice\\0ACN\\=admin", ["alice\nCN=admin"]],
    ["CN=alice\\2CCN=admin", ["alice,CN=admin"]],
    ["O=x\\,CN=admin,CN=alice", ["alice"]],
    ["O=x\\\\,CN=alice", ["alice"]],
    ["CN=j\\C3\\BCrg", ["jürg"]],
    ["CN=jürg ☃", ["jürg ☃"]],
    ["CN=\\ alice\\ ", [" alice "]],
    ["CN=alice\\\\ ", ["alice\\"]],
    ["CN=alice\u00a0", ["alice\u00a0"]],
    ["CN=\\#alice", ["#alice"]],
    ['CN=\\"alice\\"', ['"alice"']],
    ["CN=alice,CN=admin", ["alice", "admin"]],
    ["CN=alice + CN=admin", ["alice", "admin"]],
    ["UID=alice+CN=a", ["a"]],
    ["XCN=admin,CN=alice", ["alice"]],
  ];
  for (const [text, names] of readable) {
    test(`${text} has ${JSON.stringify(names)}`, () => assert.deepEqual(commonNames(text), names));
  }

  const unreadable = [
    "",
    "alice",
    "CN",
    "=alice",
    ",CN=alice",
    "CN=alice,",
    "CN=alice\\",
    "CN=alice\\q",
    "CN=#0c05616c696365",
    'CN="alice"',
    "CN=\\FF",
    "C N=alice",
    "/CN=alice",
    "/O=Example/CN=alice",
    "/CN=alice/CN=admin",
    `CN=${"a".repeat(MAX_DISTINGUISHED_NAME_LENGTH)}`,
  ];
  for (const text of unreadable) {
    test(`${text.slice(0, 40)} is no distinguished name`, () => assert.equal(commonNames(text), undefined));
  }

  test("any name that is escaped comes back, and no other", () => {
    const escapeAll = (name: string): string =>
      [...Buffer.from(name)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, other) => {
        assert.deepEqual(commonNames(`O=${escapeAll(other)},CN=${escapeAll(name)}`), [name]);
      }),
    );
  });

  test("nothing makes it throw", () => {
    const pieces = fc.constantFrom("CN", "=", ",", "+", "\\", "\\0", "2C", "#", '"', " ", "a", "ü", "\ud800");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        commonNames(parts.join(""));
      }),
    );
  });
});
