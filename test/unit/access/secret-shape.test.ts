import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretShaped } from "../../../src/access/secret-shape.ts";
import { newTokenSecret } from "../../../src/access/token.ts";

const part = (value: object, space = 0): string =>
  Buffer.from(JSON.stringify(value, undefined, space)).toString("base64url");

test("a token in a user's place is seen, ours and an issuer's", () => {
  assert.ok(isSecretShaped(newTokenSecret()));
  for (const space of [0, 1, 2]) {
    assert.ok(isSecretShaped(`${part({ alg: "ES256" }, space)}.${part({ sub: "alice" }, space)}.c2lnbmF0dXJl`));
    assert.ok(isSecretShaped(`${part({ alg: "none" }, space)}.${part({ sub: "alice" }, space)}.`));
  }
});

test("names are none, also long ones with dots", () => {
  for (const name of [
    "",
    "alice",
    "eyal.cohen.long@example.com",
    "ex.y.z",
    "eyjafjallajokull.iceland.example",
    "vpnws",
  ]) {
    assert.equal(isSecretShaped(name), false, name);
  }
});
