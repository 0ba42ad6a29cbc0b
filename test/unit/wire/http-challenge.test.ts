import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseChallenges } from "../../../src/wire/http-challenge.ts";

const read = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);

describe("challenges of an HTTP header", () => {
  test("are read from one header with several, commas in quotes and all", () => {
    const header =
      'Negotiate, NTLM TlRMTVNTUAAC==, Digest realm="a, \\"b\\"", nonce=abc,qop="auth,auth-int", Basic realm="x"';
    assert.deepEqual(read(header), [
      ["negotiate", {}],
      ["ntlm", {}],
      ["digest", { realm: 'a, "b"', nonce: "abc", qop: "auth,auth-int" }],
      ["basic", { realm: "x" }],
    ]);
  });

  test("may have blanks around the equals sign, names in any case, and empty places in the list", () => {
    assert.deepEqual(read(',, BASIC Realm = "x" ,charset= UTF-8,,'), [["basic", { realm: "x", charset: "UTF-8" }]]);
  });

  test("have the first of two values of a name", () => {
    assert.deepEqual(read("Digest nonce=a, nonce=b"), [["digest", { nonce: "a" }]]);
  });

  test("end where nothing can be read", () => {
    assert.deepEqual(read(""), []);
    assert.deepEqual(read("realm=x"), []);
    assert.deepEqual(read('Basic realm="open'), [["basic", {}]]);
    assert.deepEqual(read("Basic realm=x, @, Digest nonce=a"), [["basic", { realm: "x" }]]);
  });

  test("are read as they were written, whatever the values are", () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/).map((text) => `x${text.toLowerCase()}`);
    const value = fc.string({ maxLength: 20 });
    const challenge = fc.record({
      scheme: token,
      params: fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name, minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
        const header = challenges
          .map(
            ({ scheme, params }) => `${scheme} ${params.map(([name, text]) => `${name}=${quoted(text)}`).join(", ")}`,
          )
          .join(", ");
        assert.deepEqual(
          read(header),
          challenges.map(({ scheme, params }) => [scheme, Object.fromEntries(params)]),
        );
      }),
    );
  });

  test("are read in time that grows with the header, whatever it is", () => {
    for (const piece of ["a", "a=", 'a="', "\\", "=", " ", ", ", "a ", '"\\"']) {
      assert.ok(parseChallenges(piece.repeat(16_384 / piece.length)).length <= 16_384);
    }
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void parseChallenges(text)));
  });
});
