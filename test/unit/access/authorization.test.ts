import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseAuthorization } from "../../../src/access/authorization.ts";

const basic = (text: string | Uint8Array): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("Authorization", () => {
  test("Basic: RFC 7617's examples", () => {
    assert.deepEqual(parseAuthorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), {
      state: "basic",
      user: "Aladdin",
      password: "open sesame",
    });
    assert.deepEqual(parseAuthorization("Basic dGVzdDoxMjPCow=="), { state: "basic", user: "test", password: "123£" });
  });

  test("Bearer: RFC 6750's example; the scheme is in any case, blanks around do not matter", () => {
    assert.deepEqual(parseAuthorization("Bearer mF_9.B5f-4.1JqM"), { state: "bearer", token: "mF_9.B5f-4.1JqM" });
    assert.deepEqual(parseAuthorization(" bEARER \t a= "), { state: "bearer", token: "a=" });
    assert.equal(parseAuthorization("BASIC YTpi").state, "basic");
  });

  test("a password may hold colons and be empty, a user may be empty, padding may be missing", () => {
    assert.deepEqual(parseAuthorization(basic("u:a:b:")), { state: "basic", user: "u", password: "a:b:" });
    assert.deepEqual(parseAuthorization(basic(":")), { state: "basic", user: "", password: "" });
    assert.deepEqual(parseAuthorization("Basic YTpiYg"), { state: "basic", user: "a", password: "bb" });
  });

  test("no header and other schemes are absent", () => {
    for (const header of [undefined, "", " ", "Digest a=b", "Negotiate YTpi", "Basic64 YTpi", "\u0000Basic YTpi"]) {
      assert.deepEqual(parseAuthorization(header), { state: "absent" }, JSON.stringify(header));
    }
  });

  test("what is no base64, no UTF-8, has no colon, a control character or is too long is malformed", () => {
    const malformed = { state: "malformed", scheme: "basic" };
    const utf16 = Uint8Array.from([0x61, 0x3a, 0xff, 0xfe]);
    const headers = [
      "Basic",
      "Basic ",
      "Basic a b",
      "Basic YTpi=YTpi",
      "Basic YTp-",
      basic("nocolon"),
      basic(utf16),
      basic("a\n:b"),
      basic("a:b\u0000c"),
      basic(`${"u".repeat(256)}:p`),
      basic(`u:${"p".repeat(8193)}`),
      `Basic ${"A".repeat(100_000)}`,
    ];
    for (const header of headers) assert.deepEqual(parseAuthorization(header), malformed, header.slice(0, 60));
    for (const header of ["Bearer", "Bearer a b", "Bearer =", "Bearer ä", `Bearer ${"a".repeat(8193)}`]) {
      assert.deepEqual(parseAuthorization(header), { state: "malformed", scheme: "bearer" }, header.slice(0, 60));
    }
  });

  test("what a client encodes comes out as it went in", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 100 }).filter((value) => !/\p{Cc}/u.test(value));
    const user = text.filter((value) => !value.includes(":"));
    fc.assert(
      fc.property(user, text, (user, password) => {
        assert.deepEqual(parseAuthorization(basic(`${user}:${password}`)), { state: "basic", user, password });
      }),
    );
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => void parseAuthorization(value)));
    fc.assert(fc.property(fc.base64String(), (value) => void parseAuthorization(`Basic ${value}`)));
  });
});
