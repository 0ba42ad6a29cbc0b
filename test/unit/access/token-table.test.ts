import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashToken, type TokenRecord } from "../../../src/access/token.ts";
import { MAX_TOKENS, TokenTable } from "../../../src/access/token-table.ts";
import { ConfigError } from "../../../src/base/errors.ts";

const NEW = { user: "ann", kind: "token", network: undefined, groups: [], expiresMs: undefined } as const;

function recordOf(index: number): TokenRecord {
  const id = index.toString(16).padStart(8, "0");
  return {
    ...NEW,
    id,
    hash: hashToken(id),
    createdMs: 0,
    revokedMs: undefined,
    usesLeft: undefined,
    invite: undefined,
  };
}

describe("TokenTable", () => {
  test("a full table makes room by forgetting what is no good any more, else it refuses", () => {
    const records = Array.from({ length: MAX_TOKENS }, (_, i) => recordOf(i));
    const table = new TokenTable(records);
    const full = (error: unknown): boolean => error instanceof ConfigError && error.code === "TOKENS_TOO_MANY";
    assert.throws(() => table.create({ ...NEW, usesLeft: 1 }, 5), full);
    table.revoke({ id: "00000007" }, 5);
    const { record } = table.create({ ...NEW, usesLeft: 1 }, 6);
    assert.equal(table.findById("00000007"), undefined);
    assert.equal(table.find(hashToken("00000007")), undefined);
    assert.ok(table.use(record.id, 7));
    table.create({ ...NEW, usesLeft: undefined }, 8);
    assert.equal(table.findById(record.id), undefined, "used up");
    assert.equal(table.list().length, MAX_TOKENS);
  });

  test("an invite and the credential that was given for it are revoked together, whichever is named", () => {
    for (const name of ["invite", "credential"] as const) {
      const table = new TokenTable([recordOf(1)]);
      const { record: invite } = table.create({ ...NEW, kind: "invite", usesLeft: 1 }, 1);
      const { record: credential } = table.create(
        { ...NEW, kind: "credential", usesLeft: undefined, invite: invite.id },
        2,
      );
      assert.equal(table.revoke({ id: { invite, credential }[name].id }, 3), 2);
      const revoked = table.list().filter(({ revokedMs }) => revokedMs === 3);
      assert.deepEqual(
        revoked.map(({ id }) => id),
        [invite.id, credential.id],
      );
    }
  });

  test("an id that nobody has revokes nothing", () => {
    assert.equal(new TokenTable([recordOf(1)]).revoke({ id: "ffffffff" }, 3), 0);
  });
});
