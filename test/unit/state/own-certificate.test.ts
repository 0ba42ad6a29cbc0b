import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, unlinkSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connect, createServer } from "node:tls";
import { keepOwnCertificate, readOwnCertificate } from "../../../src/state/own-certificate.ts";
import { revocationListsEndMs } from "../../../src/state/revocation-list.ts";
import { makeSelfSigned } from "../../../src/state/self-signed.ts";
import { StateDirectory } from "../../../src/state/state-directory.ts";
import { TestAuthority } from "../../test-authority.ts";

const DAY_MS = 86_400_000;

describe("the server's own certificate", () => {
  let path: string;
  let directory: StateDirectory;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "vpn-ws-own-"));
    directory = StateDirectory.open(path);
  });
  afterEach(() => rmSync(path, { recursive: true }));

  test("is made once, and kept with a key that nobody else can read", async () => {
    assert.equal(readOwnCertificate(directory), undefined);
    const first = await keepOwnCertificate(directory, ["vpn.example"]);
    const second = await keepOwnCertificate(directory, ["other.example"]);
    assert.deepEqual([first.isNew, second.isNew], [true, false]);
    assert.deepEqual([second.certificate, second.key], [first.certificate, first.key]);
    assert.equal(readOwnCertificate(directory), first.certificate);
    assert.equal(statSync(directory.file("server.key")).mode & 0o777, 0o600);
  });

  test("is not made anew if only its key is lost, but if the start broke off before it was there", async () => {
    const first = await keepOwnCertificate(directory, []);
    unlinkSync(directory.file("server.crt"));
    const second = await keepOwnCertificate(directory, []);
    assert.notEqual(second.key, first.key);
    unlinkSync(directory.file("server.key"));
    await assert.rejects(keepOwnCertificate(directory, []), { code: "OWN_KEY_MISSING" });
  });

  test("is for the names and addresses of one host, for ten years, and no CA", async () => {
    const nowMs = Date.now();
    const names = ["vpn.example", "192.0.2.1", "2001:db8::1", "0.0.0.0", "::", "", "*", "two words", "vpn.example"];
    const certificate = new X509Certificate((await makeSelfSigned(names, nowMs)).certificate);
    assert.match(
      certificate.subjectAltName ?? "",
      /^DNS:vpn\.example, IP Address:192\.0\.2\.1, IP Address:2001:DB8:0?/i,
    );
    assert.equal(certificate.subjectAltName?.split(", ").length, 3);
    assert.equal(certificate.ca, false);
    assert.equal(Math.round((Date.parse(certificate.validTo) - nowMs) / DAY_MS), 3650);
    assert.ok(Date.parse(certificate.validFrom) < nowMs);
    assert.ok(certificate.verify(certificate.publicKey));
  });

  test("serves TLS to a client that is given its file", async () => {
    const { certificate: cert, key } = await makeSelfSigned(["localhost"]);
    const server = createServer({ cert, key }, (socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: cert });
    await once(socket, "secureConnect");
    assert.ok(socket.authorized);
    socket.destroy();
    server.close();
  });
});

test("revocation lists end when the first of them does", async () => {
  const [one, other] = [await TestAuthority.make("one"), await TestAuthority.make("other")];
  const [soon, late] = [await one.revoke([], DAY_MS), await other.revoke([], 9 * DAY_MS)];
  const endMs = revocationListsEndMs(`${late}\n${soon}\n`) ?? 0;
  assert.ok(Math.abs(endMs - Date.now() - DAY_MS) < 60_000);
  assert.equal(revocationListsEndMs("no list"), undefined);
});
