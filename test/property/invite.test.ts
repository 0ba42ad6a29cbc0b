import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../../src/base/errors.ts";
import { formatInvite, type Invite, isInvite, parseInvite } from "../../src/transport/invite.ts";
import { parseServerUrl } from "../../src/transport/server-url.ts";

const pin = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => `sha256/${Buffer.from(b).toString("base64")}`);
const token = fc.stringMatching(/^[A-Za-z0-9._-]{16,80}$/);
const host = fc.oneof(
  fc.domain(),
  fc.ipV4().filter((address) => !address.startsWith("0")),
  fc.ipV6().map((address) => `[${address}]`),
);
const port = fc.oneof(
  fc.constant(""),
  fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`),
);
const path = fc.oneof(fc.webPath(), fc.constantFrom("", "/", "//", "/vpn/", "/a~b", "/100%25", "/%2F%3F"));
const query = fc.oneof(
  fc.constant(""),
  fc.webQueryParameters().map((text) => `?${text}`),
);

/** As the URL parser writes it, which is what an invite holds. */
const url = fc
  .tuple(fc.constantFrom("wss", "wss", "ws"), host, port, path, query)
  .map(([scheme, ...rest]) => (scheme === "ws" ? `ws://127.0.0.1${rest.slice(1).join("")}` : `wss://${rest.join("")}`))
  .map((text) => {
    const { isSecure, hostHeader, path: target } = parseServerUrl(text);
    return `${isSecure ? "wss" : "ws"}://${hostHeader}${target}`;
  });

const invite: fc.Arbitrary<Invite> = fc.record(
  { url, pins: fc.array(pin, { maxLength: 3 }), token },
  { noNullPrototype: true },
);

test("every invite survives the trip, in characters that chats and shells leave alone", () => {
  fc.assert(
    fc.property(invite, (given) => {
      const text = formatInvite(given);
      assert.match(text, /^vpn-ws:\/\/[A-Za-z0-9._~/:%-]+$/);
      assert.ok(isInvite(text));
      assert.deepEqual(parseInvite(` ${text}\n`), given);
    }),
    { numRuns: 500 },
  );
});

test("what was cut off at its end is never taken, and not repeated", () => {
  fc.assert(
    fc.property(invite, fc.nat(30), ({ token: secret, ...rest }, at) => {
      const text = formatInvite({ ...rest, token: secret });
      const cut = text.slice(0, text.length - secret.length + Math.min(at, 15));
      assert.throws(
        () => parseInvite(cut),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.equal(error.code, "INVITE_INVALID");
          return true;
        },
      );
    }),
    { numRuns: 300 },
  );
});

test("any text is an invite or a ConfigError without the text", () => {
  const text = fc.oneof(
    fc.string().map((rest) => `vpn-ws://${rest}`),
    fc.tuple(invite, fc.nat(200), fc.string({ maxLength: 3 })).map(([one, at, noise]) => {
      const whole = formatInvite(one);
      return whole.slice(0, at) + noise + whole.slice(at + 1);
    }),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        const { url: read } = parseInvite(given);
        assert.match(read, /^wss?:\/\//);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, /^this invite cannot be used: [a-zTLSX %:/-]+\.$/);
      }
    }),
    { numRuns: 600 },
  );
});
