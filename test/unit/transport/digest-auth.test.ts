import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { digestRank, formatDigest } from "../../../src/transport/digest-auth.ts";
import { ProxyLogin } from "../../../src/transport/proxy-login.ts";
import { type HttpChallenge, parseChallenges } from "../../../src/wire/http-challenge.ts";

const challengeOf = (text: string): HttpChallenge => parseChallenges(text)[0] as HttpChallenge;

const fieldsOf = (header: string): ReadonlyMap<string, string> => challengeOf(header).params;

/** The example of RFC 7616, 3.9.1. */
const EXAMPLE = {
  user: "Mufasa",
  password: "Circle of Life",
  method: "GET",
  uri: "/dir/index.html",
  nonceCount: 1,
  clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
} as const;
const NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
const example = (algorithm: string, qop = ', qop="auth, auth-int"'): HttpChallenge =>
  challengeOf(`Digest realm="http-auth@example.org"${qop}, ${algorithm}nonce="${NONCE}", opaque="${OPAQUE}"`);

describe("Digest", () => {
  test("answers the example of RFC 7616 with the response that stands there", () => {
    const responses = [
      ["algorithm=MD5, ", "8ca523f5e9506fed4657c9700eebdbec"],
      ["algorithm=SHA-256, ", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
      // Nothing is MD5.
      ["", "8ca523f5e9506fed4657c9700eebdbec"],
    ] as const;
    for (const [algorithm, response] of responses) {
      const header = formatDigest(example(algorithm), EXAMPLE);
      const fields = fieldsOf(header);
      assert.equal(fields.get("response"), response);
      assert.equal(fields.get("algorithm") ?? "", algorithm.replace(/^algorithm=|, $/g, ""));
    }
    assert.equal(
      formatDigest(example("algorithm=MD5, "), EXAMPLE),
      [
        'Digest username="Mufasa"',
        'realm="http-auth@example.org"',
        `nonce="${NONCE}"`,
        'uri="/dir/index.html"',
        'response="8ca523f5e9506fed4657c9700eebdbec"',
        "algorithm=MD5",
        "qop=auth",
        "nc=00000001",
        `cnonce="${EXAMPLE.clientNonce}"`,
        `opaque="${OPAQUE}"`,
      ].join(", "),
    );
  });

  test("answers the example of RFC 2617, section 3.5", () => {
    const challenge = challengeOf(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    );
    const request = { ...EXAMPLE, password: "Circle Of Life", clientNonce: "0a4f113b" };
    assert.equal(fieldsOf(formatDigest(challenge, request)).get("response"), "6629fae49393a05397450978507c4ef1");
  });

  test("hashes the session's nonces into the secret for -sess, and leaves qop out where none is offered", () => {
    const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
    const plain = hash(`Mufasa:http-auth@example.org:Circle of Life`);
    const [ha1, ha2] = [hash(`${plain}:${NONCE}:${EXAMPLE.clientNonce}`), hash("GET:/dir/index.html")];
    const withQop = fieldsOf(formatDigest(example("algorithm=SHA-256-sess, "), { ...EXAMPLE, nonceCount: 31 }));
    assert.equal(withQop.get("response"), hash(`${ha1}:${NONCE}:0000001f:${EXAMPLE.clientNonce}:auth:${ha2}`));
    assert.equal(withQop.get("nc"), "0000001f");
    const without = fieldsOf(formatDigest(example("algorithm=SHA-256-sess, ", ""), EXAMPLE));
    assert.equal(without.get("response"), hash(`${ha1}:${NONCE}:${ha2}`));
    assert.deepEqual([without.has("qop"), without.get("cnonce")], [false, EXAMPLE.clientNonce]);
  });

  test("hides the user's name if asked to, and writes one beyond ASCII as RFC 8187 says", () => {
    const hashed = formatDigest(challengeOf('Digest realm="r", nonce="n", userhash=true, algorithm=SHA-256'), EXAMPLE);
    assert.doesNotMatch(hashed, /Mufasa/);
    assert.equal(fieldsOf(hashed).get("username"), createHash("sha256").update("Mufasa:r").digest("hex"));
    const foreign = formatDigest(challengeOf('Digest realm="r", nonce="n"'), { ...EXAMPLE, user: "Jäsøn" });
    assert.match(foreign, /username\*=UTF-8''J%C3%A4s%C3%B8n, /);
  });

  test("is not answered where the algorithm, the qop or what must come back are not ours", () => {
    for (const text of [
      'realm="r", nonce="n", algorithm=SHA-512-256',
      'realm="r", nonce="n", qop="auth-int"',
      'realm="r"',
      'nonce="n"',
      'realm="r\u00e9", nonce="n"',
    ]) {
      assert.equal(digestRank(challengeOf(`Digest ${text}`)), -1, text);
    }
  });
});

describe("a login at a proxy", () => {
  const login = (): ProxyLogin => new ProxyLogin("alice", "s3cret");
  const both = parseChallenges(
    'Basic realm="b", Digest realm="d", nonce="n1", qop=auth, Digest realm="d", nonce="n2", algorithm=SHA-256, qop=auth',
  );

  test("says nothing before it is asked", () => {
    assert.equal(login().answer("CONNECT", "h:443"), undefined);
  });

  test("takes the best of what is offered, and counts the nonce on", () => {
    const one = login();
    assert.equal(one.take(both), "answerable");
    for (const count of ["00000001", "00000002"]) {
      const fields = fieldsOf(one.answer("CONNECT", "h:443") ?? "");
      assert.deepEqual([fields.get("nonce"), fields.get("nc"), fields.get("uri")], ["n2", count, "h:443"]);
    }
    assert.equal(one.take(parseChallenges('Digest realm="d", nonce="n3", stale=TRUE, qop=auth')), "stale");
    assert.equal(fieldsOf(one.answer("CONNECT", "h:443") ?? "").get("nc"), "00000001");
  });

  test("says the password where nothing better is offered, and nothing again once it was wrong", () => {
    const one = login();
    one.take(parseChallenges('NTLM, Basic realm="b"'));
    assert.equal(one.answer("CONNECT", "h:443"), `Basic ${Buffer.from("alice:s3cret").toString("base64")}`);
    one.forget();
    assert.equal(one.answer("CONNECT", "h:443"), undefined);
  });

  test("knows no NTLM and no Negotiate", () => {
    assert.equal(login().take(parseChallenges("NTLM, Negotiate")), "unsupported");
    assert.equal(login().take([]), "unsupported");
  });

  test("is shown to nobody who prints it", () => {
    assert.doesNotMatch(JSON.stringify(login()), /s3cret/);
  });
});
