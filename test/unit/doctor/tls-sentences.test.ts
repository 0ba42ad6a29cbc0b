import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeenCertificate, SeenTls } from "../../../src/doctor/certificate.ts";
import { judgeTls, type TlsExpected } from "../../../src/doctor/tls-sentences.ts";

const NOW_MS = Date.parse("2026-06-15T12:00:00Z");
const DAY_MS = 86_400_000;

const certificate = (subject: string, issuer: string, days = 60): SeenCertificate => ({
  subject,
  issuer,
  fromMs: NOW_MS - DAY_MS,
  toMs: NOW_MS + days * DAY_MS,
  fingerprint: subject,
});

const seen = (fault: string | undefined, ...chain: SeenCertificate[]): SeenTls => ({
  protocol: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  chain,
  names: ["vpn.example.com"],
  pin: "sha256/seen",
  fault,
});

const expected: TlsExpected = {
  name: "vpn.example.com",
  tls: { ca: undefined, pins: [], verify: true },
  wallMs: NOW_MS,
};

describe("what TLS has shown, in sentences", () => {
  test("a certificate that ends within two weeks is a warning", () => {
    const { level, what, mend } = judgeTls(seen(undefined, certificate("vpn", "CA", 9)), expected);
    assert.deepEqual([level, what], ["warning", "TLSv1.3, TLS_AES_128_GCM_SHA256; the certificate ends in 9 days"]);
    assert.match(mend, /Renew it now/);
  });

  test("a self-made certificate: compare its pin", () => {
    const { level, mend } = judgeTls(seen("DEPTH_ZERO_SELF_SIGNED_CERT", certificate("vpn", "vpn")), expected);
    assert.equal(level, "fault");
    assert.match(mend, /sha256\/seen, give --pin/);
  });

  test("a known box that signs anew is named", () => {
    const chain = [
      certificate("vpn.example.com", "Zscaler Intermediate"),
      certificate("Zscaler Root CA", "Zscaler Root CA"),
    ];
    const { mend } = judgeTls(seen("SELF_SIGNED_CERT_IN_CHAIN", ...chain), expected);
    assert.match(mend, /may open TLS and sign it anew \(Zscaler Root CA\)/);
  });

  test("a private CA that this machine trusts and that signs a public name is a warning, but not if --ca names it", () => {
    const chain = [certificate("vpn.example.com", "Corp CA"), certificate("Corp CA", "Corp CA")];
    const { level, what } = judgeTls(seen(undefined, ...chain), expected);
    assert.equal(level, "warning");
    assert.match(what, /a private CA signs a public name: Corp CA/);
    const own = { ...expected, tls: { ...expected.tls, ca: Buffer.alloc(1) } };
    assert.equal(judgeTls(seen(undefined, ...chain), own).level, "good");
    assert.equal(judgeTls(seen(undefined, ...chain), { ...expected, name: "vpn.lan" }).level, "good");
  });

  test("a certificate from the future: this machine's clock", () => {
    const { mend } = judgeTls(seen("CERT_NOT_YET_VALID", certificate("vpn", "CA")), expected);
    assert.match(mend, /believes that it is 2026-06-15: set its clock/);
  });

  test("a code that nobody has seen yet is told as it is", () => {
    const { what } = judgeTls(seen("CERT_REVOKED", certificate("vpn", "CA")), expected);
    assert.match(what, /CERT_REVOKED/);
  });
});
