/**
 * What others have signed: tokens of an issuer and client certificates, good, forged, too old and taken back; a
 * bystander's traffic goes on.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair } from "jose";
import { Lab } from "../../../lab/namespace.ts";
import { programArgv } from "../../../lab/program-argv.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { TestAuthority } from "../../test-authority.ts";
import { type Answer, bearer, closed } from "./gate.ts";
import { Bystander } from "./gate-bystander.ts";
import { Issuer } from "./gate-issuer.ts";
import { GateServer, makeDirectory, NETWORKS } from "./gate-server.ts";

const noLab = await whyNoLab("ping");
const KEYS_PROGRAM = fileURLToPath(new URL("gate-keys-program.ts", import.meta.url));
const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;
const REMOTE_PORT = 8081;
const KEYS_PORT = 9000;
/** How soon a peer is gone whose certificate was revoked. */
const CUT_MS = 1_000;
/** An issuer's keys are not fetched again sooner than after 30 s. */
const ROTATION_MS = 45_000;

describe("a server that takes what others have signed", { skip: noLab }, () => {
  let lab: Lab;
  let server: GateServer;
  /** Takes tokens of an issuer whose keys it fetches. */
  let remoteServer: GateServer;
  let bystander: Bystander;
  let issuer: Issuer;
  let remote: Issuer;
  let authority: TestAuthority;
  let file: (name: string) => string;
  let addresses = 0;

  before(async () => {
    lab = await Lab.open();
    const namespaces = [await lab.namespace("server"), await lab.namespace("bystander")] as const;
    const link = await lab.link(namespaces[1], namespaces[0]);
    const directory = makeDirectory(lab);
    file = (name) => join(directory, name);
    [issuer, remote] = await Promise.all([
      Issuer.make("https://id.example", file("keys.json")),
      Issuer.make("https://remote.example", file("remote-keys.json")),
    ]);
    authority = await TestAuthority.make("clients");
    const own = await authority.issue("server", { usage: "serverAuth" });
    writeFileSync(file("server.crt"), own.certificate);
    writeFileSync(file("server.key"), own.key, { mode: 0o600 });
    writeFileSync(file("clients.crt"), authority.certificate);
    writeFileSync(file("clients.crl"), await authority.revoke([]));
    server = await GateServer.start(lab, namespaces[0], directory, {
      listen: [`http://0.0.0.0:${HTTP_PORT}`, `https://0.0.0.0:${HTTPS_PORT}`],
      tls: { certificate: "server.crt", key: "server.key", client_ca: "clients.crt", client_crl: "clients.crl" },
      authentication: [
        { kind: "certificate" },
        { kind: "tokens" },
        { kind: "jwt", issuer: issuer.name, audience: "vpn", jwks: "keys.json" },
      ],
      networks: NETWORKS,
    });
    bystander = await Bystander.start(server, namespaces[1], `ws://${link.ipv4[1]}:${HTTP_PORT}/`);
    const keys = namespaces[0].start(programArgv(KEYS_PROGRAM, remote.file, String(KEYS_PORT)));
    await keys.waitUntil("the issuer", () => keys.stdout.includes("open"));
    remoteServer = await GateServer.start(lab, namespaces[0], makeDirectory(lab), {
      listen: [`http://0.0.0.0:${REMOTE_PORT}`],
      authentication: [
        { kind: "jwt", issuer: remote.name, audience: "vpn", jwks: `http://127.0.0.1:${KEYS_PORT}/keys` },
      ],
      networks: { office: {} },
    });
  });
  after(() => lab?.close());

  /** From an address that nobody has asked from before. */
  const from = (port: number) => ({ host: "127.0.0.1", port, localAddress: `127.1.0.${++addresses}` });
  const showToken = (token: string): Promise<Answer> => server.gate.ask(from(HTTP_PORT), bearer(token));
  const showRemoteToken = (token: string): Promise<Answer> => remoteServer.gate.ask(from(REMOTE_PORT), bearer(token));
  const showCertificate = ({ certificate = "", key = "" }): Promise<Answer> =>
    server.gate.askSecurely(from(HTTPS_PORT), certificate === "" ? {} : { cert: certificate, key });

  async function assertRefused(answer: Answer, reason: string): Promise<void> {
    assert.equal(answer.status, 401);
    await server.assertRefused({ status: 401, reason });
  }

  test("an issuer's keys are fetched when they are first needed", async () => {
    const answer = await showRemoteToken(await remote.sign(remote.claims("first")));
    assert.equal(answer.status, 101);
    await remoteServer.joined("first", "jwt");
    assert.equal(remoteServer.vpn.events("jwks.fetched").length, 1);
  });

  describe("tokens of an issuer", () => {
    test("a good one lets in", async () => {
      const answer = await showToken(await issuer.sign(issuer.claims("alice")));
      assert.equal(answer.status, 101);
      await server.joined("alice", "jwt");
      answer.socket.destroy();
    });

    test("one of another issuer or for somebody else is refused", async () => {
      const claims = issuer.claims("alice");
      await assertRefused(
        await showToken(await issuer.sign({ ...claims, iss: "https://evil.example" })),
        "jwt:wrong-issuer",
      );
      await assertRefused(await showToken(await issuer.sign({ ...claims, aud: "mail" })), "jwt:wrong-audience");
      const { aud: _aud, ...forNobody } = claims;
      await assertRefused(await showToken(await issuer.sign(forNobody)), "jwt:wrong-audience");
      const { sub: _sub, ...ofNobody } = claims;
      await assertRefused(await showToken(await issuer.sign(ofNobody)), "jwt:no-user");
    });

    test("one that is signed by nobody, or with the public key as a password, is refused", async () => {
      const claims = issuer.claims("alice");
      await assertRefused(await showToken(issuer.unsigned(claims)), "jwt:wrong-algorithm");
      await assertRefused(await showToken(await issuer.confused(claims)), "jwt:wrong-algorithm");
      await bystander.goesOn();
    });

    test("one of an unknown key, or that brings its own key, is refused", async () => {
      const claims = issuer.claims("alice");
      await assertRefused(await showToken(await issuer.sign(claims, { kid: "unknown" })), "jwt:wrong-signature");
      await assertRefused(await showToken(await remote.sign(claims)), "jwt:wrong-signature");
      const { publicKey } = await generateKeyPair("RS256");
      const jwk = await exportJWK(publicKey);
      await assertRefused(await showToken(await remote.sign(claims, { kid: "key-0", jwk })), "jwt:wrong-signature");
    });

    test("one whose words were changed is refused", async () => {
      const [head, , signature] = (await issuer.sign(issuer.claims("alice"))).split(".");
      const claims = Buffer.from(JSON.stringify(issuer.claims("root"))).toString("base64url");
      await assertRefused(await showToken(`${head}.${claims}.${signature}`), "jwt:wrong-signature");
      await assertRefused(await showToken(`${head}.${claims}`), "jwt:malformed");
    });

    test("one that is too old or not good yet is refused, and one that ends takes its peer with it", async () => {
      const claims = issuer.claims("brief");
      const nowS = Math.floor(Date.now() / 1000);
      await assertRefused(await showToken(await issuer.sign({ ...claims, exp: nowS - 60 })), "jwt:expired");
      await assertRefused(await showToken(await issuer.sign({ ...claims, nbf: nowS + 600 })), "jwt:not-yet-valid");
      // The issuer's clock may be late by half a minute.
      const answer = await showToken(await issuer.sign({ ...claims, exp: nowS - 28 }));
      assert.equal(answer.status, 101);
      await server.ended(await server.joined("brief", "jwt"), "expired");
      await closed(answer);
      await bystander.goesOn();
    });

    test("when the file of its keys changes, tokens of the new key are taken and those of the old one are not", async () => {
      const old = await issuer.sign(issuer.claims("alice"));
      const standing = await showToken(await issuer.sign(issuer.claims("olga")));
      const peer = await server.joined("olga", "jwt");
      await issuer.rotate("key-1");
      await server.vpn.waitForEvent("access.reloaded");
      await server.ended(peer, "credentials-ended");
      await closed(standing);
      await assertRefused(await showToken(old), "jwt:wrong-signature");
      const answer = await showToken(await issuer.sign(issuer.claims("zoe")));
      assert.equal(answer.status, 101);
      await server.joined("zoe", "jwt");
      answer.socket.destroy();
    });
  });

  describe("client certificates", () => {
    test("one of the CA lets in", async () => {
      const answer = await showCertificate(await authority.issue("carol"));
      assert.equal(answer.status, 101);
      await server.joined("carol", "certificate");
      answer.socket.destroy();
    });

    test("none, one of another CA and one of a CA that took the same name let nobody in", async () => {
      await assertRefused(await showCertificate({}), "no-credentials");
      for (const name of ["strangers", "clients"]) {
        const other = await TestAuthority.make(name);
        await assertRefused(await showCertificate(await other.issue("carol")), "no-credentials");
      }
      await bystander.goesOn();
    });

    test("one that has expired, and one that is a server's, let nobody in", async () => {
      const expired = await authority.issue("carol", { lifeMs: -60_000 });
      await assertRefused(await showCertificate(expired), "no-credentials");
      await assertRefused(
        await showCertificate(await authority.issue("carol", { usage: "serverAuth" })),
        "no-credentials",
      );
    });

    test("one that is revoked while its user is here cuts that user within a second, and lets nobody in again", async () => {
      const [good, bad] = await Promise.all([authority.issue("erin"), authority.issue("mallory")]);
      const answers = [await showCertificate(good), await showCertificate(bad)] as const;
      assert.deepEqual(
        answers.map(({ status }) => status),
        [101, 101],
      );
      const peer = await server.joined("mallory", "certificate");
      const list = await authority.revoke([bad.serialNumber]);
      const writtenMs = Date.now();
      writeFileSync(file("clients.crl"), list);
      const lateMs = (await server.ended(peer, "credentials-ended")) - writtenMs;
      assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
      await closed(answers[1]);
      await server.vpn.waitForEvent("tls.reloaded");
      await assertRefused(await showCertificate(bad), "no-credentials");
      assert.equal((await showCertificate(good)).status, 101, "who is not on the list comes in");
      assert.equal(answers[0].socket.destroyed, false, "and who is in stays");
      await bystander.goesOn();
    });

    test("when their CA is taken out of the file, who came with one of its certificates is cut within a second", async () => {
      const answer = await showCertificate(await authority.issue("frank"));
      const peer = await server.joined("frank", "certificate");
      const writtenMs = Date.now();
      writeFileSync(file("clients.crt"), (await TestAuthority.make("clients")).certificate);
      const lateMs = (await server.ended(peer, "credentials-ended")) - writtenMs;
      assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
      await closed(answer);
      writeFileSync(file("clients.crt"), authority.certificate);
      const isTaken = async (): Promise<boolean> => {
        const again = await showCertificate(await authority.issue("frank"));
        again.socket.destroy();
        return again.status === 101;
      };
      await waitFor("the CA to be taken again", isTaken);
      await bystander.goesOn();
    });

    test("a list that is broken changes nothing", async () => {
      writeFileSync(file("clients.crl"), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
      const { msg } = await server.vpn.waitForEvent("access.file");
      assert.match(String(msg), /cannot read the revocation list .*clients\.crl/);
      const answer = await showCertificate(await authority.issue("carol"));
      assert.equal(answer.status, 101);
      answer.socket.destroy();
    });
  });

  test("the fetched keys may change: tokens of the new one are taken as soon as they may be fetched again", async () => {
    await remote.rotate("key-1");
    const token = await remote.sign(remote.claims("second"));
    const isTaken = async (): Promise<boolean> => (await showRemoteToken(token)).status === 101;
    await waitFor("the new key to be fetched", isTaken, { timeoutMs: ROTATION_MS, pollMs: 500 });
    await remoteServer.joined("second", "jwt");
    assert.equal(remoteServer.vpn.events("jwks.fetched").length, 2);
    const [refused] = remoteServer.vpn.events("access.refused");
    assert.ok(refused === undefined || refused.reason === "jwt:wrong-signature");
  });

  test("the bystander lost no frame in all this", () => bystander.leave());
});
