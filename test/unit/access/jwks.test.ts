import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { isTrustworthyUrl } from "../../../src/access/bounded-fetch.ts";
import { jwksOfFile, MAX_KEYS, parseKeySet } from "../../../src/access/jwks.ts";

const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid: "one" };
const TOKEN = { payload: "", signature: "" };

describe("a key set", () => {
  test("is refused if it is none, without telling what is in it", async () => {
    const secret: JWK = { ...(await exportJWK(privateKey)), kid: "one" };
    const wrong: readonly (readonly [text: string, why: RegExp])[] = [
      ["s3cret", /no JSON/],
      ['{"keys": s3cret}', /no JSON/],
      ["[]", /no JSON Web Key Set/],
      ["null", /no JSON Web Key Set/],
      ["{}", /no JSON Web Key Set/],
      ['{"keys": [7]}', /no JSON Web Key Set/],
      ['{"keys": [[]]}', /no JSON Web Key Set/],
      [JSON.stringify({ keys: [secret] }), /secret keys/],
      [JSON.stringify({ keys: [{ kty: "oct", k: "s3cret" }] }), /secret keys/],
      [JSON.stringify({ keys: Array.from({ length: MAX_KEYS + 1 }, () => publicJwk) }), /more than 100/],
    ];
    for (const [text, why] of wrong) {
      assert.throws(
        () => parseKeySet(text),
        (error: Error) => why.test(error.message) && !error.message.includes("s3cret") && error.cause === undefined,
        text,
      );
    }
  });

  test("of a file is asked for at each token", async () => {
    let set = parseKeySet('{"keys": []}');
    const { keyFor } = jwksOfFile({ current: () => set });
    await assert.rejects(async () => keyFor({ alg: "ES256", kid: "one" }, TOKEN), { code: "ERR_JWKS_NO_MATCHING_KEY" });
    set = parseKeySet(JSON.stringify({ keys: [publicJwk] }));
    assert.ok(await keyFor({ alg: "ES256", kid: "one" }, TOKEN));
  });
});

describe("addresses that keys may come from", () => {
  test("are https, or on this machine", () => {
    const good = [
      "https://a.example/keys",
      "http://127.0.0.1:8080/keys",
      "http://127.8.9.1/",
      "http://[::1]/k",
      "http://localhost/k",
    ];
    for (const url of good) assert.ok(isTrustworthyUrl(url), url);
  });

  test("are no others", () => {
    const bad = [
      "http://a.example/keys",
      "http://127.0.0.1.evil.example/",
      "http://localhost.evil.example/",
      "http://127.0.0.1@evil.example/",
      "https://user:secret@a.example/",
      "http://[::2]/",
      "http://0.0.0.0/",
      "file:///etc/passwd",
      "data:application/json,{}",
      "//a.example",
      "",
    ];
    for (const url of bad) assert.ok(!isTrustworthyUrl(url), url);
  });
});
