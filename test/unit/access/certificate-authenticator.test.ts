import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { CERTIFICATE_DEFAULTS, CertificateAuthenticator } from "../../../src/access/certificate-authenticator.ts";
import { CertificateAuthorities } from "../../../src/access/certificate-authorities.ts";
import { TestAuthority } from "../../test-authority.ts";
import { makeCertificate, NOT_AFTER, NOT_BEFORE } from "./certificates.ts";
import { makeRequest } from "./requests.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const alice = await makeCertificate([{ CN: ["alice"] }]);

const other = await TestAuthority.make("another CA");

/** The test's certificates sign themselves. */
function makeAuthenticator(...certificates: readonly X509Certificate[]) {
  const trusted = certificates.length === 0 ? [alice] : certificates;
  const authorities = new CertificateAuthorities(trusted.join("\n"));
  const state = { nowMs: NOW_MS, revoked: new Set<string>(), authorities };
  const deps = {
    authorities: { current: () => state.authorities },
    revoked: { current: () => state.revoked },
    nowUnixMs: () => state.nowMs,
  };
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
    assert.match(credentialId, /^A01:[A-Za-z0-9_-]{22}:[0-9a-f]{64}$/);
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
    const nameless = await makeCertificate([{ O: ["Example"] }]);
    const { ask } = makeAuthenticator(nameless);
    const outcome = await ask(nameless);
    assert.deepEqual(outcome, { state: "refused", reason: "no-user", user: undefined });
    assert.equal((await ask(await makeCertificate([]))).state, "refused", "an empty subject");
  });

  test("are refused if none of the authorities signed them: TLS may have checked them against an older file", async () => {
    const { state, ask } = makeAuthenticator();
    state.authorities = new CertificateAuthorities(other.certificate);
    assert.deepEqual(await ask(alice), { state: "refused", reason: "wrong-signature", user: "alice" });
  });

  test("of a connected peer are good as long as their authority is one, its certificate renewed or not", async () => {
    const { state, authenticator } = makeAuthenticator();
    const authority = await TestAuthority.make("the CA");
    const { certificate } = await authority.issue("bob");
    state.authorities = new CertificateAuthorities(`${other.certificate}\n${authority.certificate}`);
    state.nowMs = Date.now();
    const outcome = await authenticator.authenticate(makeRequest({ certificate: new X509Certificate(certificate) }));
    assert.ok(outcome.state === "identified");
    assert.equal(authenticator.isStillGood(outcome.identity, state.nowMs), true);
    state.authorities = new CertificateAuthorities(await authority.renewed());
    assert.equal(authenticator.isStillGood(outcome.identity, state.nowMs), true, "the same key");
    state.authorities = new CertificateAuthorities(other.certificate);
    assert.equal(authenticator.isStillGood(outcome.identity, state.nowMs), false);
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
