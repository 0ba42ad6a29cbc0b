import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Arrival, believe, MAX_FORWARDED_HOPS } from "../../../src/access/front.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const prefixes = (...texts: readonly string[]): IpPrefix[] => texts.map((text) => parseIpPrefix(text) as IpPrefix);
const PROXIES = prefixes("10.0.0.0/8", "fd00::/8");

const FORGED = {
  "x-remote-user": "admin",
  "x-forwarded-for": "203.0.113.9",
  "x-ssl-client-verify": "SUCCESS",
  "x-ssl-client-s-dn": "CN=admin",
};

function arrival(
  origin: Arrival["origin"],
  headers: Readonly<Record<string, string>> = {},
  word: Arrival["word"] | undefined = undefined,
): Arrival {
  return {
    via: word === undefined ? "http" : "uwsgi",
    origin,
    word: word ?? { address: "", user: "", distinguishedName: "" },
    request: { path: "/lab", header: (name) => headers[name] },
    certificate: undefined,
  };
}

const tcp = (address: string) => ({ kind: "tcp", address }) as const;
const UNIX = { kind: "unix", uid: 33 } as const;
const WORD = { address: "203.0.113.9", user: "admin", distinguishedName: "CN=admin" };

describe("what is believed of a request's origin", () => {
  test("headers from an unlisted address are a client's forgery", () => {
    const { address, front } = believe(arrival(tcp("192.0.2.7"), FORGED), PROXIES);
    assert.deepEqual({ address, front }, { address: "192.0.2.7", front: undefined });
  });

  test("loopback is no proxy unless it is listed", () => {
    assert.equal(believe(arrival(tcp("127.0.0.1"), FORGED), []).front, undefined);
    assert.equal(believe(arrival(tcp("127.0.0.1"), FORGED), prefixes("127.0.0.0/8")).front?.user, "admin");
  });

  test("uwsgi variables from an unlisted address are a client's forgery, too", () => {
    const { address, front } = believe(arrival(tcp("192.0.2.7"), {}, WORD), PROXIES);
    assert.deepEqual({ address, front }, { address: "192.0.2.7", front: undefined });
  });

  test("uwsgi variables are believed from a unix socket and from a listed proxy", () => {
    for (const origin of [UNIX, tcp("10.1.2.3"), tcp("::ffff:10.1.2.3"), tcp("fd00::1")]) {
      const { address, front } = believe(arrival(origin, {}, WORD), PROXIES);
      assert.deepEqual(
        { address, front },
        { address: WORD.address, front: { user: "admin", distinguishedName: "CN=admin" } },
      );
    }
  });

  test("a unix socket's other end that the kernel would not name is not believed", () => {
    const { address, front } = believe(arrival({ kind: "unix", uid: undefined }, FORGED), PROXIES);
    assert.deepEqual({ address, front }, { address: "", front: undefined });
  });

  test("over uwsgi, headers of the client do not speak for the web server", () => {
    const nobody = { address: "203.0.113.9", user: "", distinguishedName: "" };
    const { address, front } = believe(arrival(UNIX, { ...FORGED, "x-forwarded-for": "1.1.1.1" }, nobody), PROXIES);
    assert.deepEqual({ address, front }, { address: "203.0.113.9", front: { user: "", distinguishedName: "" } });
  });

  test("an address of uwsgi that is none is nobody's", () => {
    assert.equal(believe(arrival(UNIX, {}, { ...WORD, address: "unix:" }), PROXIES).address, "");
  });

  test("the certificate that a web server shows of itself is none of its clients'", () => {
    const certificate = {} as X509Certificate;
    const shown = (origin: Arrival["origin"]) => believe({ ...arrival(origin), certificate }, PROXIES).certificate;
    assert.equal(shown(tcp("192.0.2.7")), certificate);
    assert.deepEqual([shown(tcp("10.1.2.3")), shown(UNIX)], [undefined, undefined]);
  });

  test("the subject of a certificate counts only if the web server verified it", () => {
    for (const verify of ["NONE", "FAILED:expired", "success", "SUCCESS, SUCCESS", "FAILED, SUCCESS", ""]) {
      const headers = { ...FORGED, "x-ssl-client-verify": verify };
      assert.equal(believe(arrival(UNIX, headers), PROXIES).front?.distinguishedName, "", verify);
    }
    assert.equal(believe(arrival(UNIX, FORGED), PROXIES).front?.distinguishedName, "CN=admin");
  });

  test("a user name in a header is UTF-8, other bytes are shown as what no name has", () => {
    const latin1 = Buffer.from("jürg").toString("latin1");
    assert.equal(believe(arrival(UNIX, { "x-remote-user": latin1 }), PROXIES).front?.user, "jürg");
    assert.equal(believe(arrival(UNIX, { "x-remote-user": "j\xfcrg" }), PROXIES).front?.user, "j\udcfcrg");
  });

  const forwarded = (value: string, origin: Arrival["origin"] = tcp("10.0.0.1")): string =>
    believe(arrival(origin, { "x-forwarded-for": value }), PROXIES).address;

  test("X-Forwarded-For is read from the right, past trusted proxies only", () => {
    assert.equal(forwarded("203.0.113.9"), "203.0.113.9");
    assert.equal(forwarded("203.0.113.9, 10.9.9.9,10.8.8.8"), "203.0.113.9");
    assert.equal(forwarded("10.9.9.9"), "10.9.9.9", "all of them proxies: the farthest");
    assert.equal(forwarded(""), "10.0.0.1");
    assert.equal(forwarded("", UNIX), "");
    assert.equal(forwarded("203.0.113.9", UNIX), "203.0.113.9");
  });

  test("an address that the client wrote into X-Forwarded-For is behind its own, and not reached", () => {
    assert.equal(forwarded("127.0.0.1, 10.0.0.5, 203.0.113.9"), "203.0.113.9");
    assert.equal(forwarded("10.0.0.5, 127.0.0.1"), "127.0.0.1", "loopback is not listed here");
  });

  test("what is no address ends the walk at the last good one", () => {
    for (const garbage of [
      "unknown",
      "_hidden",
      "1.2.3",
      "0x7f000001",
      "1.2.3.4:99999999",
      "a, b",
      "[::1",
      "1.2.3.4/8",
    ]) {
      assert.equal(forwarded(`203.0.113.9, ${garbage}, 10.2.2.2`), "10.2.2.2", garbage);
      assert.equal(forwarded(garbage), "10.0.0.1", garbage);
    }
    assert.equal(forwarded("203.0.113.9, , 10.2.2.2"), "10.2.2.2");
  });

  test("ports and brackets are taken off", () => {
    assert.equal(forwarded("203.0.113.9:4711"), "203.0.113.9");
    assert.equal(forwarded("[2001:DB8::9]:4711"), "2001:db8::9");
    assert.equal(forwarded("[2001:db8::9]"), "2001:db8::9");
    assert.equal(forwarded("2001:db8::9"), "2001:db8::9");
    assert.equal(forwarded("203.0.113.9, [fd00::1]:80"), "203.0.113.9");
    assert.equal(forwarded("::ffff:203.0.113.9"), "203.0.113.9");
  });

  test("the walk is bounded", () => {
    const many = ["203.0.113.9", ...Array.from({ length: MAX_FORWARDED_HOPS }, () => "10.1.1.1")].join(",");
    assert.equal(forwarded(many), "10.1.1.1");
    assert.equal(forwarded(many.replace("10.1.1.1,", "")), "203.0.113.9");
  });

  test("no header makes it throw, and the address is one or none", () => {
    const pieces = fc.constantFrom("10.0.0.1", "[", "]", ":", ",", " ", "::1", "x", ".", "%", "255", "\xff");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const address = forwarded(parts.join(""), UNIX);
        assert.ok(address === "" || parseIpPrefix(address) !== undefined);
      }),
    );
  });
});
