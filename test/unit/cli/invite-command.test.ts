import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";
import { hashToken } from "../../../src/access/token.ts";
import { inviteCommand } from "../../../src/cli/invite-command.ts";
import { keepOwnCertificate } from "../../../src/state/own-certificate.ts";
import { makeSelfSigned } from "../../../src/state/self-signed.ts";
import { StateDirectory } from "../../../src/state/state-directory.ts";
import { parseInvite } from "../../../src/transport/invite.ts";
import { keyPin } from "../../../src/transport/key-pin.ts";

const URL = "wss://vpn.example:8443/vpn";

describe("vpn-ws invite", () => {
  let root: string;
  let stateDir: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "vpn-ws-invite-"));
    stateDir = join(root, "state");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  async function invite(...words: string[]): Promise<{ readonly out: string; readonly err: string }> {
    const streams = { stdout: new PassThrough({ encoding: "utf8" }), stderr: new PassThrough({ encoding: "utf8" }) };
    const command = inviteCommand(streams).configureOutput({ writeErr: () => {} });
    await command.parseAsync(["--state-dir", stateDir, ...words], { from: "user" });
    return { out: streams.stdout.read() ?? "", err: streams.stderr.read() ?? "" };
  }

  const tokens = (): Record<string, unknown>[] =>
    JSON.parse(readFileSync(join(stateDir, "tokens.json"), "utf8")).tokens;

  test("prints one line with address, pin of the server's own key and a token that is good once", async () => {
    const { certificate } = await keepOwnCertificate(StateDirectory.open(stateDir), []);
    const before = Date.now();
    const { out, err } = await invite("alice", "--url", URL, "--network", "lab", "--expires", "12h");
    assert.match(out, /^\S+\n$/);
    const { url, pins, token } = parseInvite(out);
    assert.deepEqual([url, pins], [URL, [keyPin(new X509Certificate(certificate))]]);
    const [record] = tokens();
    const { hash, kind, user, network, usesLeft, expiresMs } = record ?? {};
    assert.deepEqual([hash, kind, user, network, usesLeft], [hashToken(token), "invite", "alice", "lab", 1]);
    assert.ok(Math.abs(Number(expiresMs) - before - 43_200_000) < 60_000);
    assert.match(err, /as alice/);
    assert.ok(!err.includes(token));
  });

  test("takes the pin of another certificate, or none", async () => {
    const { certificate } = await makeSelfSigned([]);
    const path = join(root, "web.crt");
    writeFileSync(path, certificate);
    const pinned = await invite("alice", "--url", URL, "--tls-cert", path);
    assert.deepEqual(parseInvite(pinned.out).pins, [keyPin(new X509Certificate(certificate))]);
    assert.deepEqual(parseInvite((await invite("alice", "--url", URL, "--no-pin")).out).pins, []);
    assert.deepEqual(parseInvite((await invite("alice", "--url", "ws://127.0.0.1:8080/")).out).pins, []);
  });

  test("makes no token for what could not be used", async () => {
    const path = join(root, "no.crt");
    writeFileSync(path, "nothing");
    for (const [words, code] of [
      [["--url", URL], "OWN_CERTIFICATE_MISSING"],
      [["--url", URL, "--tls-cert", path], "TLS_FILES_INVALID"],
      [["--url", "ws://vpn.example/"], "INVITE_UNSAFE"],
      [["--url", "https://vpn.example/"], "SERVER_URL_INVALID"],
      [["--url", "wss://alice:pw@vpn.example/"], "INVITE_UNSAFE"],
    ] as const) {
      await assert.rejects(invite("alice", ...words), { code });
    }
    for (const words of [[], ["--url", URL, "--expires", "400d"], ["--url", URL, "--expires", "never"]]) {
      await assert.rejects(invite("alice", ...words));
    }
    assert.equal(existsSync(join(stateDir, "tokens.json")), false);
  });
});
