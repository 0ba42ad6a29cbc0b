import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { CERTIFICATE_DEFAULTS, CertificateAuthenticator } from "../../../src/access/certificate-authenticator.ts";
import { makeCertificate, NOT_AFTER, NOT_BEFORE } from "./certificates.ts";
import { makeRequest } from "./requests.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const alice = await makeCertificate([{ CN: ["alice"] }]);

function makeAuthenticator() {
  const state = { nowMs: NOW_MS, revoked: new Set<string>() };
  const deps = { revoked: { current: () => state.revoked }, nowUnixMs: () => state.nowMs };
  const authenticator = new CertificateAuthenticator(deps, CERTIFICATE_DEFAULTS);
  const ask = (certificate: X509Certificate | undefined) => authenticator.authenticate(makeRequest({ certificate }));
  return { state, authenticator, ask };
}

describe("client certificates", () => {
  test("name their user, with serial number and fingerprint as the credentials' id", async () => {
    const outcome = await makeAuthenticator().ask(alice);
    assert.equal(outcome.state, "identified");
    if (outcome.state !== "identified") return;
    const { credentialId, ...rest } = outcome.identity;
    const expiresMs = NOT_AFTER.getTime();
    assert.deepEqual(rest, { user: "alice", groups: [], method: "certificate", network: undefined, expiresMs });
    assert.match(credentialId, /^A01:[0-9a-f]{64}$/);
  });

  test("are absent if there is none", async () => {
    assert.deepEqual(await makeAuthenticator().ask(undefined), { state: "absent" });
  });

  test("are refused outside of their dates, and when revoked", async () => {
    const { state, ask } = makeAuthenticator();
    const reasonAt = async (nowMs: number): Promise<string> => {
      state.nowMs = nowMs;
      const outcome = await ask(alice);
      return outcome.state === "refused" ? `${outcome.reason} ${outcome.user}` : outcome.state;
    };
    assert.equal(await reasonAt(NOT_BEFORE.getTime() - 1), "not-yet-valid alice");
    assert.equal(await reasonAt(NOT_BEFORE.getTime()), "identified");
    assert.equal(await reasonAt(NOT_AFTER.getTime() - 1), "identified");
    assert.equal(await reasonAt(NOT_AFTER.getTime()), "expired alice");
    state.revoked = new Set(["A01"]);
    assert.equal(await reasonAt(NOW_MS), "revoked alice");
  });

  test("are refused if they name nobody", async () => {
    const { ask } = makeAuthenticator();
    const outcome = await ask(await makeCertificate([{ O: ["Example"] }]));
    assert.deepEqual(outcome, { state: "refused", reason: "no-user", user: undefined });
    assert.equal((await ask(await makeCertificate([]))).state, "refused", "an empty subject");
  });

  test("of a connected peer are good until they expire or are revoked", async () => {
    const { state, authenticator, ask } = makeAuthenticator();
    const outcome = await ask(alice);
    assert.equal(outcome.state, "identified");
    if (outcome.state !== "identified") return;
    const { identity } = outcome;
    assert.equal(authenticator.isStillGood(identity, NOT_AFTER.getTime() - 1), true);
    assert.equal(authenticator.isStillGood(identity, NOT_AFTER.getTime()), false);
    state.revoked = new Set(["A02"]);
    assert.equal(authenticator.isStillGood(identity, NOW_MS), true);
    state.revoked = new Set(["A02", "A01"]);
    assert.equal(authenticator.isStillGood(identity, NOW_MS), false);
  });
});
