import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSessionClaim } from "../../../src/wire/session-claim.ts";

const TOKEN = "Abc-_01234567890123456789012345678901234567";

test("a token and a number claim a connection of a session; without a number it is the first", () => {
  assert.deepEqual(parseSessionClaim(TOKEN, "7"), { token: TOKEN, connection: 7 });
  assert.deepEqual(parseSessionClaim(TOKEN, undefined), { token: TOKEN, connection: 0 });
});

test("without a token nothing is claimed", () => {
  assert.equal(parseSessionClaim(undefined, "3"), undefined);
});

test("what is no token or no number of a connection is malformed", () => {
  for (const token of ["", TOKEN.slice(1), `${TOKEN}A`, TOKEN.replace("A", "=")]) {
    assert.equal(parseSessionClaim(token, "0"), null, token);
  }
  for (const number of ["", "8", "-1", "1.0", "10", " 1", "one"]) {
    assert.equal(parseSessionClaim(TOKEN, number), null, number);
  }
});
