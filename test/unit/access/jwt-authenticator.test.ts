import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import {
  CompactEncrypt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import type { AuthenticationOutcome } from "../../../src/access/authenticator.ts";
import { JwksUnavailable, jwksOfFile, parseKeySet } from "../../../src/access/jwks.ts";
import {
  CLOCK_TOLERANCE_S,
  JWT_DEFAULTS,
  JwtAuthenticator,
  type JwtOptions,
} from "../../../src/access/jwt-authenticator.ts";
import { makeRequest } from "./requests.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const NOW_S = NOW_MS / 1000;
const ISSUER = "https://issuer.example";
const OPTIONS: JwtOptions = { ...JWT_DEFAULTS, issuer: ISSUER, audiences: ["vpn", "vpn2"] };
const CLAIMS: JWTPayload = {
  iss: ISSUER,
  aud: "vpn",
  sub: "alice",
  exp: NOW_S + 600,
  jti: "token-1",
  groups: ["staff"],
};

const rsa = await generateKeyPair("RS256", { extractable: true });
const rsaJwk: JWK = { ...(await exportJWK(rsa.publicKey)), kid: "rsa", use: "sig" };
const stranger = await generateKeyPair("RS256", { extractable: true });

function authenticatorOf(keys: readonly JWK[], options: JwtOptions = OPTIONS): JwtAuthenticator {
  const set = parseKeySet(JSON.stringify({ keys }));
  return new JwtAuthenticator({ keys: jwksOfFile({ current: () => set }), nowUnixMs: () => NOW_MS }, options);
}

const authenticator = authenticatorOf([rsaJwk]);

function sign(claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}, key = rsa.privateKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "rsa", ...header }).sign(key);
}

const bearer = (token: string) => makeRequest({ authorization: `Bearer ${token}` });
const basic = (user: string, password: string) =>
  makeRequest({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });

/** A token as an attacker writes it by hand. */
function forge(header: object, claims: object, signature: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(claims)}.${signature}`;
}

/** `identified`, `absent`, or why it was refused. */
const told = (outcome: AuthenticationOutcome): string => (outcome.state === "refused" ? outcome.reason : outcome.state);
const tellOf = async (token: string, by = authenticator): Promise<string> => told(await by.authenticate(bearer(token)));

describe("tokens of an issuer", () => {
  test("name user, groups, and when they end", async () => {
    const outcome = await authenticator.authenticate(bearer(await sign(CLAIMS)));
    const expiresMs = NOW_MS + 600_000 + CLOCK_TOLERANCE_S * 1000;
    const credentialId = outcome.state === "identified" ? outcome.identity.credentialId : "";
    const identity = { user: "alice", groups: ["staff"], method: "jwt", network: undefined, credentialId };
    assert.deepEqual(outcome, { state: "identified", identity: { ...identity, expiresMs } });
    assert.match(credentialId, /^[A-Za-z0-9_-]{22}:[A-Za-z0-9_-]{22}:token-1$/);
  });

  test("are good for a connected peer until they end", async () => {
    const outcome = await authenticator.authenticate(bearer(await sign(CLAIMS)));
    assert.equal(outcome.state, "identified");
    if (outcome.state !== "identified") return;
    const { identity } = outcome;
    const endMs = identity.expiresMs as number;
    assert.equal(authenticator.isStillGood(identity, endMs - 1), true);
    assert.equal(authenticator.isStillGood(identity, endMs), false);
    assert.equal(authenticator.isStillGood({ ...identity, expiresMs: undefined }, endMs - 1), false);
  });

  test("are good for a connected peer as long as this issuer is asked for these claims", async () => {
    const outcome = await authenticator.authenticate(bearer(await sign(CLAIMS)));
    assert.ok(outcome.state === "identified");
    const { identity } = outcome;
    assert.equal(authenticatorOf([rsaJwk]).isStillGood(identity, NOW_MS), true, "also after a reload");
    for (const change of [{ issuer: `${ISSUER}/other` }, { audiences: ["vpn2"] }, { userClaim: "email" }]) {
      assert.equal(authenticatorOf([rsaJwk], { ...OPTIONS, ...change }).isStillGood(identity, NOW_MS), false);
    }
  });

  test("end for a connected peer when the issuer withdraws the key, and not when it only writes it otherwise", async () => {
    for (const [alg, options] of [
      ["RS256", {}],
      ["ES256", {}],
      ["EdDSA", { crv: "Ed25519" }],
    ] as const) {
      const pair = await generateKeyPair(alg, { extractable: true, ...options });
      const jwk = { ...(await exportJWK(pair.publicKey)), kid: "rsa" };
      const outcome = await authenticatorOf([jwk]).authenticate(bearer(await sign(CLAIMS, { alg }, pair.privateKey)));
      assert.ok(outcome.state === "identified");
      const { identity } = outcome;
      const padded = { ...jwk, kid: "again", ...(jwk.n === undefined ? {} : { n: `${zeroBefore(jwk.n)}==` }) };
      assert.equal(authenticatorOf([rsaJwk, padded]).isStillGood(identity, NOW_MS), true, alg);
      assert.equal(authenticatorOf([rsaJwk]).isStillGood(identity, NOW_MS), false, alg);
      assert.equal(authenticatorOf([]).isStillGood(identity, NOW_MS), false, alg);
    }
  });

  test("without an id are told apart by what was signed", async () => {
    const idOf = async (claims: JWTPayload): Promise<string> => {
      const outcome = await authenticator.authenticate(bearer(await sign(claims)));
      return outcome.state === "identified" ? (outcome.identity.credentialId.split(":")[2] ?? "") : "";
    };
    const { jti: _, ...claims } = CLAIMS;
    assert.match(await idOf(claims), /^[A-Za-z0-9_-]{22}$/);
    assert.notEqual(await idOf(claims), await idOf({ ...claims, iat: NOW_S }));
    assert.match(await idOf({ ...claims, jti: "a\nb" }), /^[A-Za-z0-9_-]{22}$/);
  });

  for (const alg of ["RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"]) {
    test(`are taken with ${alg}`, async () => {
      const { publicKey, privateKey } = await generateKeyPair(alg);
      const by = authenticatorOf([rsaJwk, { ...(await exportJWK(publicKey)), kid: "other" }]);
      assert.equal(await tellOf(await sign(CLAIMS, { alg, kid: "other" }, privateKey), by), "identified");
    });
  }

  test("may come as the password of Basic authentication, for the token's user or none", async () => {
    const token = await sign({ iss: ISSUER, aud: "vpn", sub: "alice", exp: NOW_S + 600 });
    assert.equal(told(await authenticator.authenticate(basic("alice", token))), "identified");
    assert.equal(told(await authenticator.authenticate(basic("", token))), "identified");
    assert.deepEqual(await authenticator.authenticate(basic("admin", token)), {
      state: "refused",
      reason: "unknown-user",
      user: "admin",
    });
  });

  test("are absent from a request without one", async () => {
    assert.equal(told(await authenticator.authenticate(makeRequest())), "absent");
    assert.equal(told(await authenticator.authenticate(basic("alice", "secret"))), "absent");
    assert.equal(told(await authenticator.authenticate(basic("alice", "a.b.c"))), "absent");
    assert.equal(await tellOf(`vpnws_${"a".repeat(43)}`), "absent");
  });

  test("need an issuer and an audience to be checked against", () => {
    for (const wrong of [{ issuer: "" }, { audiences: [] }, { audiences: ["vpn", ""] }]) {
      assert.throws(() => authenticatorOf([rsaJwk], { ...OPTIONS, ...wrong }), { code: "JWT_UNBOUND" });
    }
  });

  test("are refused as unavailable while there are no keys, and reject for a fault of ours", async () => {
    const failing = (error: Error) =>
      new JwtAuthenticator(
        {
          keys: { keyFor: () => Promise.reject(error), hasKey: () => true, ready: async () => {} },
          nowUnixMs: () => NOW_MS,
        },
        OPTIONS,
      );
    const token = await sign(CLAIMS);
    assert.equal(await tellOf(token, failing(new JwksUnavailable("away"))), "unavailable");
    await assert.rejects(tellOf(token, failing(new Error("a bug"))), /a bug/);
  });
});

describe("claims of a token", () => {
  const wrong: readonly (readonly [string, object, string])[] = [
    ["of another issuer", { iss: "https://issuer.example.evil" }, "wrong-issuer"],
    ["of an issuer that differs by a slash", { iss: `${ISSUER}/` }, "wrong-issuer"],
    ["without issuer", { iss: undefined }, "wrong-issuer"],
    ["for another audience", { aud: "mail" }, "wrong-audience"],
    ["for an audience that only begins like ours", { aud: ["vpn3", "vp"] }, "wrong-audience"],
    ["without audience", { aud: undefined }, "wrong-audience"],
    ["expired", { exp: NOW_S - CLOCK_TOLERANCE_S }, "expired"],
    ["without expiry", { exp: undefined }, "malformed"],
    ["with an expiry that is text", { exp: `${NOW_S + 600}` }, "malformed"],
    ["not yet valid", { nbf: NOW_S + CLOCK_TOLERANCE_S + 1 }, "not-yet-valid"],
    ["with a beginning that is text", { nbf: "0" }, "malformed"],
    ["without user", { sub: undefined }, "no-user"],
    ["with an empty user", { sub: "" }, "no-user"],
    ["with a user that is no text", { sub: ["alice"] }, "no-user"],
    ["with a user that cannot be shown", { sub: "alice\u001b[2K" }, "no-user"],
    ["with a user that nobody authenticated", { sub: "anonymous" }, "no-user"],
    ["with an endless user", { sub: "a".repeat(300) }, "no-user"],
    ["with groups that are no names", { groups: ["staff", 7] }, "malformed"],
    ["with a group that cannot be shown", { groups: ["a\nb"] }, "malformed"],
    ["with groups in an object", { groups: { admin: true } }, "malformed"],
    ["with too many groups", { groups: Array.from({ length: 101 }, (_, i) => `g${i}`) }, "malformed"],
  ];
  for (const [what, claims, reason] of wrong) {
    test(`${what} are refused`, async () => {
      assert.equal(await tellOf(await sign({ ...CLAIMS, ...claims } as JWTPayload)), reason);
    });
  }

  test("are taken within the tolerance of clocks", async () => {
    assert.equal(await tellOf(await sign({ ...CLAIMS, exp: NOW_S - CLOCK_TOLERANCE_S + 1 })), "identified");
    assert.equal(await tellOf(await sign({ ...CLAIMS, nbf: NOW_S + CLOCK_TOLERANCE_S })), "identified");
  });

  test("may name several audiences, one of them ours", async () => {
    assert.equal(await tellOf(await sign({ ...CLAIMS, aud: ["mail", "vpn2"] })), "identified");
  });
});

describe("forged tokens", () => {
  const unsigned = [
    ["none", ""],
    ["None", ""],
    ["NONE", "AA"],
    ["nOnE", ""],
  ] as const;
  for (const [alg, signature] of unsigned) {
    test(`with alg ${alg} and signature "${signature}" are refused`, async () => {
      assert.equal(await tellOf(forge({ alg, typ: "JWT" }, CLAIMS, signature)), "wrong-algorithm");
    });
  }

  test("signed by HS256 with the public key as the secret are refused", async () => {
    const pem = await exportSPKI(rsa.publicKey);
    const der = createPublicKey(pem).export({ type: "spki", format: "der" });
    for (const secret of [pem, pem.trimEnd(), der, JSON.stringify(rsaJwk)]) {
      const unsignedToken = forge({ alg: "HS256", kid: "rsa" }, CLAIMS, "").slice(0, -1);
      const signature = createHmac("sha256", secret).update(unsignedToken).digest("base64url");
      assert.equal(await tellOf(`${unsignedToken}.${signature}`), "wrong-algorithm");
    }
  });

  test("signed by a key of somebody else are refused", async () => {
    assert.equal(await tellOf(await sign(CLAIMS, {}, stranger.privateKey)), "wrong-signature");
  });

  test("with a key that nobody knows are refused", async () => {
    assert.equal(await tellOf(await sign(CLAIMS, { kid: "unknown" }, stranger.privateKey)), "wrong-signature");
  });

  const paths = [
    "../../../../dev/null",
    "/dev/null",
    "rsa/../rsa",
    "rsa\0",
    "__proto__",
    "constructor",
    "' OR 1=1 --",
    "0",
    "",
  ];
  for (const kid of paths) {
    test(`with the key id ${JSON.stringify(kid)} are refused`, async () => {
      assert.equal(await tellOf(await sign(CLAIMS, { kid }, stranger.privateKey)), "wrong-signature");
    });
  }

  test("that bring their own key, or say where it is, are refused", async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const url = "http://127.0.0.1:9/keys";
    for (const header of [{ jwk }, { jku: url }, { x5u: url }, { x5c: ["MIIB"] }, { jwk, kid: "mine" }]) {
      assert.equal(await tellOf(await sign(CLAIMS, header, stranger.privateKey)), "wrong-signature");
    }
  });

  test("with an extension that must be understood are refused", async () => {
    const header = { alg: "RS256", kid: "rsa", crit: ["https://example.org/ext"], "https://example.org/ext": 1 };
    assert.equal(await tellOf(forge(header, CLAIMS, "AAAA")), "malformed");
  });

  test("whose claims were changed are refused", async () => {
    const [header, , signature] = (await sign(CLAIMS)).split(".");
    const claims = Buffer.from(JSON.stringify({ ...CLAIMS, sub: "admin" })).toString("base64url");
    assert.equal(await tellOf(`${header}.${claims}.${signature}`), "wrong-signature");
  });

  test("with a signature of zeros are refused (CVE-2022-21449)", async () => {
    const { publicKey } = await generateKeyPair("ES256");
    const by = authenticatorOf([{ ...(await exportJWK(publicKey)), kid: "ec" }]);
    const zeros = Buffer.alloc(64).toString("base64url");
    assert.equal(await tellOf(forge({ alg: "ES256", kid: "ec" }, CLAIMS, zeros), by), "wrong-signature");
  });

  test("with an algorithm of another kind of key are refused", async () => {
    assert.equal(await tellOf(forge({ alg: "ES256", kid: "rsa" }, CLAIMS, "AAAA")), "wrong-signature");
  });

  test("that are encrypted are refused", async () => {
    const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM", kid: "rsa" })
      .encrypt(await rsaOaepKey());
    assert.equal(jwe.split(".").length, 5);
    assert.equal(await tellOf(jwe), "malformed");
  });

  test("that are none are refused", async () => {
    for (const token of ["a", "a.b", "a.b.c", "..", "e30.e30.", "e30.e30.e30.e30"]) {
      assert.equal(await tellOf(token), "malformed", token);
    }
  });

  test("that are oversized are refused before they are looked at", async () => {
    const keys = { keyFor: () => assert.fail("a key was asked for"), hasKey: () => true, ready: async () => {} };
    const by = new JwtAuthenticator({ keys, nowUnixMs: () => NOW_MS }, OPTIONS);
    assert.equal(await tellOf(await sign({ ...CLAIMS, padding: "x".repeat(20_000) }), by), "malformed");
  });

  test("without key id are taken only if one key alone could be meant", async () => {
    const header = { kid: undefined } as unknown as Partial<JWTHeaderParameters>;
    assert.equal(await tellOf(await sign(CLAIMS, header)), "identified");
    const two = authenticatorOf([rsaJwk, { ...(await exportJWK(stranger.publicKey)), kid: "second" }]);
    assert.equal(await tellOf(await sign(CLAIMS, header), two), "wrong-signature");
  });

  test("by a key that is for encryption are refused", async () => {
    assert.equal(await tellOf(await sign(CLAIMS), authenticatorOf([{ ...rsaJwk, use: "enc" }])), "wrong-signature");
  });
});

/** The same number with a byte of zeros before it, as some issuers write it. */
function zeroBefore(base64url: string): string {
  return Buffer.concat([Buffer.of(0), Buffer.from(base64url, "base64url")]).toString("base64url");
}

async function rsaOaepKey(): Promise<KeyObject> {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
}
