import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Identity } from "../../../src/access/identity.ts";
import { TokenAuthenticator } from "../../../src/access/token-authenticator.ts";
import type { NewToken } from "../../../src/access/token-store.ts";
import { MemoryTokenStore } from "../../memory-token-store.ts";
import { makeRequest } from "./requests.ts";

const START_MS = 1_800_000_000_000;
const TOKEN: NewToken = {
  user: "ann",
  kind: "token",
  network: "lab",
  groups: ["staff"],
  expiresMs: START_MS + 1000,
  usesLeft: undefined,
};

async function make(token: Partial<NewToken> = {}) {
  const time = { nowMs: START_MS };
  const store = new MemoryTokenStore(() => time.nowMs);
  const authenticator = new TokenAuthenticator({ store, nowUnixMs: () => time.nowMs });
  const { record, secret } = await store.create({ ...TOKEN, ...token });
  const ask = (authorization: string) => authenticator.authenticate(makeRequest({ authorization }));
  const bearer = () => ask(`Bearer ${secret}`);
  const basic = (user: string, password = secret) =>
    ask(`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`);
  /** Shows it and, if it is good, takes a use. */
  const redeem = async () => {
    const outcome = await bearer();
    return outcome.state === "identified" ? authenticator.redeem(outcome.identity) : "not even identified";
  };
  return { time, store, authenticator, record, secret, ask, bearer, basic, redeem };
}

const refused = (reason: string, user: string | undefined) => ({ state: "refused", reason, user });

describe("TokenAuthenticator", () => {
  test("a token is identified as bearer and as password; the identity is all that it was made for", async () => {
    const { record, bearer, basic } = await make();
    const identity: Identity = {
      user: "ann",
      groups: ["staff"],
      method: "token",
      network: "lab",
      expiresMs: START_MS + 1000,
      credentialId: record.id,
    };
    for (const outcome of [await bearer(), await basic(""), await basic("ann")]) {
      assert.deepEqual(outcome, { state: "identified", identity });
    }
  });

  test("other credentials are somebody else's", async () => {
    const { ask, basic, authenticator } = await make();
    assert.deepEqual(await authenticator.authenticate(makeRequest()), { state: "absent" });
    for (const header of ["Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer ?", "Basic ?"]) {
      assert.deepEqual(await ask(header), { state: "absent" }, header);
    }
    assert.deepEqual(await basic("ann", "password"), { state: "absent" });
  });

  test("an unknown token, and another user's name beside a token, are refused", async () => {
    const { secret, ask, basic } = await make();
    assert.deepEqual(await ask("Bearer vpnws_"), refused("unknown-token", undefined));
    assert.deepEqual(await ask(`Bearer ${secret}A`), refused("unknown-token", undefined));
    assert.deepEqual(await basic("ann", "vpnws_guess"), refused("unknown-token", "ann"));
    assert.deepEqual(await basic("bob"), refused("unknown-user", "bob"));
  });

  test("expired, revoked and used up are told apart", async () => {
    const expired = await make();
    expired.time.nowMs += 1000;
    assert.deepEqual(await expired.bearer(), refused("expired", "ann"));

    const revoked = await make();
    await revoked.store.revoke({ user: "ann" });
    assert.deepEqual(await revoked.bearer(), refused("revoked", "ann"));

    const once = await make({ usesLeft: 1 });
    assert.equal(await once.redeem(), undefined);
    assert.deepEqual(await once.bearer(), refused("used-up", "ann"));
  });

  test("to show a token takes no use; of two who redeem the last one, one gets it", async () => {
    const { bearer, redeem } = await make({ usesLeft: 1 });
    await bearer();
    assert.deepEqual((await Promise.all([redeem(), redeem()])).sort(), ["used-up", undefined]);
  });

  test("a token without a count is redeemed as often as one likes, until it is revoked", async () => {
    const { bearer, authenticator, store, redeem } = await make();
    const outcome = await bearer();
    assert.ok(outcome.state === "identified");
    assert.deepEqual([await redeem(), await redeem()], [undefined, undefined]);
    await store.revoke({ user: "ann" });
    assert.equal(await authenticator.redeem(outcome.identity), "revoked");
    assert.equal(await authenticator.redeem({ ...outcome.identity, credentialId: "00000000" }), "unknown-token");
  });

  test("an identity is good until its token is revoked, expired or gone; a used-up token keeps its peer", async () => {
    const { bearer, redeem, authenticator, store, time } = await make({ usesLeft: 1 });
    const outcome = await bearer();
    assert.ok(outcome.state === "identified");
    const { identity } = outcome;
    assert.equal(await redeem(), undefined);
    assert.ok(authenticator.isStillGood(identity, time.nowMs));
    assert.ok(!authenticator.isStillGood(identity, time.nowMs + 1000));
    assert.ok(!authenticator.isStillGood({ ...identity, credentialId: "00000000" }, time.nowMs));
    assert.ok(!authenticator.isStillGood({ ...identity, user: "bob" }, time.nowMs));
    await store.revoke({ user: "ann" });
    assert.ok(!authenticator.isStillGood(identity, time.nowMs));
  });
});
