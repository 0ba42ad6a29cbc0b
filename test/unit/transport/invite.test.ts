import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { formatInvite, isInvite, parseInvite } from "../../../src/transport/invite.ts";
import { parsePin } from "../../../src/transport/key-pin.ts";

const TOKEN = "vpnws_s3cretS3cretS3cretS3cret";
const PIN = `sha256/${Buffer.alloc(32, 0xfb).toString("base64")}`;
const ITEM = Buffer.alloc(32, 0xfb).toString("base64url");

describe("invite", () => {
  const good = [
    [`vpn-ws://vpn.example:8443/vpn/${ITEM}~${TOKEN}`, "wss://vpn.example:8443/vpn", [PIN]],
    [`vpn-ws://vpn.example/${ITEM}~${ITEM}~${TOKEN}`, "wss://vpn.example/", [PIN, PIN]],
    [`vpn-ws://vpn.example/${TOKEN}`, "wss://vpn.example/", []],
    [`vpn-ws://%5B2001:db8::1%5D:8443/a/%3Fb%3Dc%26d/${TOKEN}`, "wss://[2001:db8::1]:8443/a/?b=c&d", []],
    [`vpn-ws://127.0.0.1:8080/plain~${TOKEN}`, "ws://127.0.0.1:8080/", []],
  ] as const;
  for (const [text, url, pins] of good) {
    test(`${text.slice(0, 40)}… leads to ${url}`, () => {
      assert.deepEqual(parseInvite(text), { url, pins, token: TOKEN });
      assert.equal(formatInvite({ url, pins, token: TOKEN }), text);
    });
  }

  test("brackets that a person wrote are understood", () => {
    assert.equal(parseInvite(`vpn-ws://[2001:db8::1]/vpn/${TOKEN}`).url, "wss://[2001:db8::1]/vpn");
  });

  const bad = [
    ["wss://vpn.example/", /does not begin/],
    ["vpn-ws://", /ends before its token/],
    [`vpn-ws:///${TOKEN}`, /ends before its token/],
    ["vpn-ws://vpn.example", /ends before its token/],
    ["vpn-ws://vpn.example/s3cret", /its token is not whole/],
    [`vpn-ws://vpn.example/vpn/${ITEM}~`, /its token is not whole/],
    [`vpn-ws://vpn.example/${ITEM.slice(1)}~${TOKEN}`, /its pin is not whole/],
    [`vpn-ws://vpn.example/${ITEM.slice(1)}_~${TOKEN}`, /its pin is not whole/],
    [`vpn-ws://vpn.example/${`${ITEM}~`.repeat(9)}${TOKEN}`, /its pin is not whole/],
    [`vpn-ws://vpn.example/plain~${TOKEN}`, /another machine without TLS/],
    [`vpn-ws://alice:s3cret@vpn.example/${TOKEN}`, /character that no invite has/],
    [`vpn-ws://alice%3As3cret%40vpn.example/${TOKEN}`, /address cannot be read/],
    [`vpn-ws://vpn.example:99999/${TOKEN}`, /address cannot be read/],
    [`vpn-ws://vpn.exam\nple/${TOKEN}`, /character that no invite has/],
    [`vpn-ws://vpn.example/%/${TOKEN}`, /begins no %XX/],
    [`vpn-ws://vpn.example/${"x".repeat(5000)}/${TOKEN}`, /too long/],
  ] as const;
  for (const [text, message] of bad) {
    test(`${JSON.stringify(text.slice(0, 40))}… is refused, and nothing of it shown`, () => {
      assert.throws(
        () => parseInvite(text),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, message);
          assert.doesNotMatch(`${error.message}${error.hint}${error.stack}${error.cause}`, /s3cret|vpn\.exam/);
          return true;
        },
      );
    });
  }

  test("none is made for a server that is reached without TLS, nor with a password in its URL", () => {
    for (const url of ["ws://vpn.example/", "wss://alice:pw@vpn.example/"]) {
      assert.throws(() => formatInvite({ url, pins: [], token: TOKEN }), ConfigError, url);
    }
  });

  test("is told from a URL by its scheme", () => {
    assert.deepEqual(["vpn-ws://h/t", " VPN-WS://h/t", "wss://h/", "vpn-ws", "-"].map(isInvite), [
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("pin", () => {
  test("is sha256/ and 32 bytes in base64", () => {
    assert.equal(parsePin(PIN), PIN);
    for (const text of [
      "",
      PIN.slice(7),
      PIN.slice(0, -1),
      `${PIN}=`,
      PIN.replace("256", "512"),
      PIN.replace("+", "-"),
    ]) {
      assert.throws(() => parsePin(text), { code: "PIN_INVALID" }, text);
    }
  });
});
