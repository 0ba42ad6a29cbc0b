import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { errors, exportJWK, generateKeyPair, type JWK } from "jose";
import { waitFor } from "../../../lab/wait.ts";
import { FETCH_TIMEOUT_MS, MAX_FETCHED_BYTES } from "../../../src/access/bounded-fetch.ts";
import { JwksUnavailable } from "../../../src/access/jwks.ts";
import { keyIdOf } from "../../../src/access/key-id.ts";
import {
  JWKS_COOLDOWN_MS,
  JWKS_MAX_AGE_MS,
  JWKS_MAX_STALE_MS,
  type JwksLocation,
  RemoteJwks,
} from "../../../src/access/remote-jwks.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";
import { always, type JwksServer, startJwksServer } from "./jwks-server.ts";

async function makeJwk(kid: string): Promise<JWK> {
  const { publicKey } = await generateKeyPair("ES256");
  return { ...(await exportJWK(publicKey)), kid };
}

const [old, next] = await Promise.all([makeJwk("old"), makeJwk("next")]);
const textOf = (...keys: readonly JWK[]): string => JSON.stringify({ keys });

async function setUp(t: TestContext, locate?: (url: string) => JwksLocation) {
  const server = await startJwksServer(t);
  server.answer = always(textOf(old));
  const clock = new HandClock();
  const log = new RecordingLog();
  const location = locate?.(server.url) ?? { kind: "url", url: `${server.url}/keys` };
  const jwks = new RemoteJwks({ clock, fetch, log }, location);
  const ask = async (kid: string): Promise<string> => {
    try {
      await jwks.keyFor({ alg: "ES256", kid }, { payload: "", signature: "" });
      return "found";
    } catch (error) {
      if (error instanceof JwksUnavailable) return "unavailable";
      if (error instanceof errors.JWKSNoMatchingKey) return "unknown";
      throw error;
    }
  };
  return { server, clock, log, jwks, ask };
}

describe("keys of an issuer's URL", () => {
  test("are fetched once, when they are first needed", async (t) => {
    const { server, ask } = await setUp(t);
    assert.deepEqual(server.asked, []);
    assert.deepEqual(await Promise.all([ask("old"), ask("old"), ask("old")]), ["found", "found", "found"]);
    assert.equal(await ask("old"), "found");
    assert.deepEqual(server.asked, ["/keys"]);
  });

  test("rotate: an unknown key is looked for in a new set, and one that is gone is gone", async (t) => {
    const { server, clock, ask } = await setUp(t);
    assert.equal(await ask("old"), "found");
    server.answer = always(textOf(next));
    clock.advance(JWKS_COOLDOWN_MS);
    assert.equal(await ask("next"), "found");
    assert.equal(await ask("old"), "unknown");
    assert.equal(server.asked.length, 2);
  });

  test("that are withdrawn are known to be when their age has them fetched again", async (t) => {
    const { server, clock, jwks, ask } = await setUp(t);
    const keyId = keyIdOf(old) ?? assert.fail("an EC key has an id");
    assert.equal(jwks.hasKey(keyId), true, "nothing is known yet");
    assert.equal(await ask("old"), "found");
    assert.equal(jwks.hasKey(keyIdOf(next) ?? ""), false);
    server.answer = always(textOf(next));
    assert.equal(jwks.hasKey(keyId), true);
    clock.advance(JWKS_MAX_AGE_MS + 1);
    assert.equal(jwks.hasKey(keyId), true, "the answer is on its way");
    await waitFor("the new keys", () => !jwks.hasKey(keyId), { pollMs: 2 });
  });

  test("are fetched for who asks whether they are there, and he hears if they cannot be", async (t) => {
    const { server, clock, jwks } = await setUp(t);
    server.answer = always("no keys");
    await assert.rejects(jwks.ready(), JwksUnavailable);
    server.answer = always(textOf(next));
    await assert.rejects(jwks.ready(), JwksUnavailable, "not before the cooldown's end");
    clock.advance(JWKS_COOLDOWN_MS);
    await Promise.all([jwks.ready(), jwks.ready()]);
    assert.equal(jwks.hasKey(keyIdOf(old) ?? ""), false);
    assert.equal(server.asked.length, 2);
  });

  test("are not fetched again and again for strangers' keys", async (t) => {
    const { server, clock, ask } = await setUp(t);
    for (let i = 0; i < 50; i++) assert.equal(await ask(`stranger ${i}`), "unknown");
    assert.equal(server.asked.length, 1);
    clock.advance(JWKS_COOLDOWN_MS - 1);
    assert.equal(await ask("stranger"), "unknown");
    assert.equal(server.asked.length, 1);
    clock.advance(1);
    await Promise.all([ask("a"), ask("b"), ask("c")]);
    assert.equal(server.asked.length, 2);
  });

  test("that are old are fetched again in the background", async (t) => {
    const { server, clock, ask } = await setUp(t);
    assert.equal(await ask("old"), "found");
    clock.advance(JWKS_MAX_AGE_MS + 1);
    const arrived = new Promise<() => void>((resolve) => {
      server.answer = (_, response) => resolve(() => void response.end(textOf(next)));
    });
    assert.equal(await ask("old"), "found", "it does not wait for the answer");
    const release = await arrived;
    assert.equal(await ask("old"), "found");
    const found = ask("next");
    release();
    assert.equal(await found, "found", "who needs the new set waits for it");
    assert.equal(server.asked.length, 2);
  });

  test("are kept while the issuer is away, and not for ever", async (t) => {
    const { server, clock, log, ask } = await setUp(t);
    assert.equal(await ask("old"), "found");
    await server.close();
    clock.advance(JWKS_MAX_STALE_MS);
    assert.equal(await ask("old"), "found");
    assert.equal(await ask("next"), "unknown");
    clock.advance(JWKS_COOLDOWN_MS);
    assert.equal(await ask("old"), "unavailable");
    assert.ok(log.of("jwks.unavailable").length > 0);
  });

  test("that were never had make it unavailable, and are asked for again after the cooldown", async (t) => {
    const { server, clock, ask } = await setUp(t);
    const good = server.answer;
    server.answer = (_, response) => void response.writeHead(503).end();
    assert.equal(await ask("old"), "unavailable");
    server.answer = good;
    assert.equal(await ask("old"), "unavailable");
    assert.equal(server.asked.length, 1);
    clock.advance(JWKS_COOLDOWN_MS);
    assert.equal(await ask("old"), "found");
  });

  const bad: readonly (readonly [string, JwksServer["answer"]])[] = [
    ["no JSON", always("<html>")],
    ["no key set", always('{"keys": {}}')],
    ["an array", always("[]")],
    ["secret keys", always(textOf({ kty: "oct", k: "c2VjcmV0", kid: "old" }))],
    ["too many keys", always(textOf(...Array.from({ length: 101 }, () => old)))],
    ["too many bytes", always(textOf(old).padEnd(MAX_FETCHED_BYTES + 1))],
    ["no UTF-8", (_, response) => void response.end(Buffer.from([0x22, 0xff, 0x22]))],
    ["a redirect", (_, response) => void response.writeHead(302, { location: "/elsewhere" }).end()],
    [
      "half an answer",
      (_, response) => void response.writeHead(200, { "content-length": 99 }).write("{", () => response.destroy()),
    ],
  ];
  for (const [what, answer] of bad) {
    test(`are not taken from ${what}, and those at hand stay`, async (t) => {
      const { server, clock, ask } = await setUp(t);
      const good = server.answer;
      server.answer = answer;
      assert.equal(await ask("old"), "unavailable");
      server.answer = good;
      clock.advance(JWKS_COOLDOWN_MS);
      assert.equal(await ask("old"), "found");
      server.answer = answer;
      clock.advance(JWKS_COOLDOWN_MS);
      assert.equal(await ask("next"), "unknown");
      assert.equal(await ask("old"), "found");
      assert.ok(!server.asked.includes("/elsewhere"));
    });
  }

  test("that come too slowly are not waited for", async (t) => {
    const { server, clock, ask } = await setUp(t);
    const asked = new Promise<void>((resolve) => {
      server.answer = (_, response) => response.write("{", () => resolve());
    });
    const outcome = ask("old");
    await asked;
    clock.advance(FETCH_TIMEOUT_MS);
    assert.equal(await outcome, "unavailable");
    assert.equal(clock.timers, 0);
  });

  test("are not fetched in clear from another machine", async (t) => {
    const { log, ask } = await setUp(t, () => ({ kind: "url", url: "http://192.0.2.1/keys?secret=s3cret" }));
    assert.equal(await ask("old"), "unavailable");
    assert.match(log.text, /not https/);
    assert.doesNotMatch(log.text, /s3cret/);
  });
});

describe("keys of an issuer that says where they are", () => {
  const discover = (url: string): JwksLocation => ({ kind: "discovery", issuer: url });

  test("are found by its OpenID configuration", async (t) => {
    const { server, ask } = await setUp(t, discover);
    server.answer = (path, response) => {
      const configuration = { issuer: server.url, jwks_uri: `${server.url}/realm/keys` };
      response.end(path === "/realm/keys" ? textOf(old) : JSON.stringify(configuration));
    };
    assert.equal(await ask("old"), "found");
    assert.deepEqual(server.asked, ["/.well-known/openid-configuration", "/realm/keys"]);
  });

  test("are found of an issuer with a path and a slash behind it", async (t) => {
    const { server, ask } = await setUp(t, (url) => ({ kind: "discovery", issuer: `${url}/realm/` }));
    server.answer = (path, response) => {
      const configuration = { issuer: `${server.url}/realm/`, jwks_uri: `${server.url}/keys` };
      response.end(path === "/keys" ? textOf(old) : JSON.stringify(configuration));
    };
    assert.equal(await ask("old"), "found");
    assert.deepEqual(server.asked, ["/realm/.well-known/openid-configuration", "/keys"]);
  });

  test("are not taken from a configuration of somebody else, or without a trustworthy address", async (t) => {
    const wrong = (url: string): unknown[] => [
      { issuer: "https://issuer.example", jwks_uri: `${url}/keys` },
      { issuer: `${url}/`, jwks_uri: `${url}/keys` },
      { jwks_uri: `${url}/keys` },
      { issuer: url },
      { issuer: url, jwks_uri: "http://192.0.2.1/keys" },
      { issuer: url, jwks_uri: "file:///etc/passwd" },
      { issuer: url, jwks_uri: 7 },
      null,
      [],
    ];
    for (const index of wrong("").keys()) {
      const { server, ask } = await setUp(t, discover);
      const text = JSON.stringify(wrong(server.url)[index]);
      server.answer = (path, response) => void response.end(path === "/keys" ? textOf(old) : text);
      assert.equal(await ask("old"), "unavailable", text);
      assert.deepEqual(server.asked, ["/.well-known/openid-configuration"], text);
    }
  });
});
