import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionTokens } from "../../../src/server/session-tokens.ts";
import { SESSION_TOKEN } from "../../../src/wire/session-claim.ts";

describe("session tokens", () => {
  test("are found while they are good, each its own session", () => {
    const tokens = new SessionTokens<string>();
    const [one, other] = [tokens.issue("one"), tokens.issue("other")];
    assert.match(one, SESSION_TOKEN);
    assert.notEqual(one, other);
    assert.deepEqual(
      [tokens.find(one), tokens.find(other), tokens.find(""), tokens.size],
      ["one", "other", undefined, 2],
    );
    tokens.revoke(one);
    tokens.revoke(one);
    assert.deepEqual([tokens.find(one), tokens.find(other), tokens.size], [undefined, "other", 1]);
  });

  test("are not found by a part of them", () => {
    const tokens = new SessionTokens<string>();
    const token = tokens.issue("one");
    assert.equal(tokens.find(token.slice(0, -1)), undefined);
  });
});
