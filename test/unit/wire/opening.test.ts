import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_HTTP_LIMITS, formatResponse, parseRequestHead, parseResponseHead } from "../../../src/wire/http.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import {
  acceptOpening,
  type ClientOpening,
  checkOpeningResponse,
  formatOpening,
  newWebSocketKey,
  type OpeningRequest,
  openingFromHttp,
  openingFromUwsgi,
} from "../../../src/wire/opening.ts";

/** RFC 6455, 1.3. */
const RFC_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const RFC_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

type Headers = Record<string, string | undefined>;

const browser: Headers = {
  upgrade: "websocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": RFC_KEY,
};

/** As client.c writes it: no version, a key of ten bytes. */
const cClient: Headers = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": "AQIDBAUGBwgJCg==",
  "x-vpn-ws-mac": "02:00:00:00:00:01",
};

function request(headers: Headers, method = "GET"): OpeningRequest {
  return { method, path: "/", query: "", header: (name) => headers[name] };
}

function accepted(headers: Headers) {
  const result = acceptOpening(request(headers));
  assert.ok(result.state === "accepted", JSON.stringify(result));
  return result;
}

function refused(headers: Headers, method?: string) {
  const result = acceptOpening(request(headers, method));
  assert.ok(result.state === "refused", "it was accepted");
  return result;
}

describe("the server", () => {
  test("a browser without our headers is accepted, its MAC to be learned", () => {
    assert.deepEqual(accepted(browser), {
      state: "accepted",
      accept: RFC_ACCEPT,
      dialect: "v1",
      mac: undefined,
      bridge: false,
      guest: false,
      session: undefined,
      headers: [
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Sec-WebSocket-Accept", RFC_ACCEPT],
      ],
    });
  });

  test("the C client is accepted with its short key and no version", () => {
    const { dialect, mac, bridge } = accepted(cClient);
    assert.deepEqual({ dialect, mac, bridge }, { dialect: "v1", mac: "02:00:00:00:00:01", bridge: false });
  });

  test("our subprotocol makes dialect v2 and is named in the answer", () => {
    const opening = accepted({ ...browser, "sec-websocket-protocol": "chat, vpn-ws.v2" });
    assert.equal(opening.dialect, "v2");
    assert.deepEqual(opening.headers.at(-1), ["Sec-WebSocket-Protocol", "vpn-ws.v2"]);
  });

  test("subprotocols that are not ours make dialect v1 and are not named", () => {
    for (const protocol of ["chat", "vpn-ws.v3", "VPN-WS.V2", "vpn-ws.v2x", ""]) {
      const opening = accepted({ ...browser, "sec-websocket-protocol": protocol });
      assert.equal(opening.dialect, "v1");
      assert.equal(opening.headers.length, 3);
    }
  });

  test("a bridge says exactly on", () => {
    assert.equal(accepted({ ...cClient, "x-vpn-ws-guest": "on" }).guest, true);
    assert.equal(accepted({ ...cClient, "x-vpn-ws-bridge": "on" }).bridge, true);
    for (const value of ["On", "1", "off", "on, on", ""]) {
      assert.equal(accepted({ ...cClient, "x-vpn-ws-bridge": value }).bridge, false, value);
    }
  });

  test("a MAC is read in either case and with either separator", () => {
    assert.equal(accepted({ ...cClient, "x-vpn-ws-mac": "02-AB-cd-00-00-01" }).mac, "02:ab:cd:00:00:01");
  });

  test("a MAC that no host can have is refused", () => {
    const wrong = [
      "",
      "02:00:00:00:00",
      "00:00:00:00:00:00",
      "ff:ff:ff:ff:ff:ff",
      "01:00:5e:00:00:01",
      "x2:00:00:00:00:01",
    ];
    for (const mac of wrong) assert.equal(refused({ ...cClient, "x-vpn-ws-mac": mac }).status, 400, mac);
  });

  test("a key that is neither 16 nor 10 bytes of base64 is refused", () => {
    const wrong = [
      undefined,
      "",
      "AQIDBAUGBwgJ",
      `${RFC_KEY}=`,
      `${RFC_KEY} `,
      "dGhlIHNhbXBsZSBub25jZ===",
      "?".repeat(24),
    ];
    for (const key of wrong) assert.equal(refused({ ...browser, "sec-websocket-key": key }).status, 400, String(key));
  });

  test("another version is refused with the one we speak", () => {
    const { status, headers } = refused({ ...browser, "sec-websocket-version": "8" });
    assert.equal(status, 426);
    assert.deepEqual(headers.at(-1), ["Sec-WebSocket-Version", "13"]);
  });

  test("a page visit is told to upgrade, and what a web server in front may be missing", () => {
    for (const headers of [{}, { ...browser, upgrade: undefined }, { ...browser, connection: "close" }]) {
      const { status, message, headers: answer } = refused(headers);
      assert.equal(status, 426);
      assert.match(message, /Upgrade and Connection/);
      assert.deepEqual(answer[0], ["Upgrade", "websocket"]);
    }
  });

  test("a method other than GET is refused", () => {
    assert.equal(refused(browser, "POST").status, 405);
  });
});

describe("the request behind uwsgi", () => {
  const vars = new Map([
    ["REQUEST_METHOD", "GET"],
    ["REQUEST_URI", "/vpn?a=b"],
    ["PATH_INFO", "/vpn"],
    ["QUERY_STRING", "a=b"],
    ["HTTP_UPGRADE", "websocket"],
    ["HTTP_CONNECTION", "Upgrade"],
    ["HTTP_SEC_WEBSOCKET_KEY", "AQIDBAUGBwgJCg=="],
    ["HTTP_X_VPN_WS_MAC", "02:00:00:00:00:01"],
    ["HTTP_X_VPN_WS_BRIDGE", "on"],
  ]);

  test("headers are found as nginx names them", () => {
    const opening = openingFromUwsgi(vars);
    assert.deepEqual([opening.method, opening.path, opening.query], ["GET", "/vpn", "a=b"]);
    const result = acceptOpening(opening);
    assert.ok(result.state === "accepted");
    assert.deepEqual([result.mac, result.bridge], ["02:00:00:00:00:01", true]);
  });

  test("path and query come from the URI if they are not given, and from nothing if that is not", () => {
    const bare = openingFromUwsgi(new Map([["REQUEST_URI", "/vpn?a=b"]]));
    assert.deepEqual([bare.method, bare.path, bare.query], ["GET", "/vpn", "a=b"]);
    const empty = openingFromUwsgi(new Map());
    assert.deepEqual([empty.method, empty.path, empty.query], ["GET", "/", ""]);
  });
});

const opening: ClientOpening = {
  host: "[::1]:8080",
  path: "/vpn?a",
  key: RFC_KEY,
  mac: "02:00:00:00:00:01" as Mac,
  bridge: true,
  authorization: "Basic dTpw",
  dialects: ["v2", "v1"],
  userAgent: "vpn-ws/0.1",
};

describe("the client's request", () => {
  test("its bytes are these", () => {
    const expected = [
      "GET /vpn?a HTTP/1.1",
      "Host: [::1]:8080",
      "User-Agent: vpn-ws/0.1",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${RFC_KEY}`,
      "X-vpn-ws-MAC: 02:00:00:00:00:01",
      "Sec-WebSocket-Protocol: vpn-ws.v2",
      "X-vpn-ws-bridge: on",
      "Authorization: Basic dTpw",
      "\r\n",
    ].join("\r\n");
    assert.equal(new TextDecoder().decode(formatOpening(opening)), expected);
  });

  test("our server accepts it", () => {
    const bytes = formatOpening(opening);
    const head = parseRequestHead(bytes, 0, bytes.length, DEFAULT_HTTP_LIMITS);
    assert.ok(head.state === "done");
    const result = acceptOpening(openingFromHttp(head.head));
    assert.ok(result.state === "accepted");
    assert.deepEqual([result.dialect, result.mac, result.bridge], ["v2", opening.mac, true]);
  });

  test("neither subprotocol nor bridge nor credentials are sent unasked", () => {
    const text = new TextDecoder().decode(
      formatOpening({ ...opening, bridge: false, authorization: undefined, dialects: ["v1"] }),
    );
    assert.doesNotMatch(text, /Protocol|bridge|Authorization/);
  });

  test("a path or host with a line break is not sent", () => {
    assert.throws(() => formatOpening({ ...opening, path: "/\r\nA: b" }), RangeError);
    assert.throws(() => formatOpening({ ...opening, host: "a\r\nA: b" }), RangeError);
  });
});

describe("the server's answer", () => {
  const good: Headers = { Upgrade: "WebSocket", Connection: "upgrade", "Sec-WebSocket-Accept": RFC_ACCEPT };

  function check(headers: Headers, status = 101, dialects?: ClientOpening["dialects"]) {
    const list = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const bytes = formatResponse(status, list);
    const head = parseResponseHead(bytes, 0, bytes.length, DEFAULT_HTTP_LIMITS);
    assert.ok(head.state === "done");
    return checkOpeningResponse(head.head, RFC_KEY, dialects);
  }

  test("without a subprotocol the server speaks v1, with ours v2", () => {
    assert.deepEqual(check(good), { state: "accepted", dialect: "v1" });
    assert.deepEqual(check({ ...good, "Sec-WebSocket-Protocol": "vpn-ws.v2" }), { state: "accepted", dialect: "v2" });
  });

  test("a status other than 101 is refused with its words", () => {
    assert.deepEqual(check({}, 403), { state: "refused", message: "the server answered 403 Forbidden" });
  });

  test("a wrong or missing accept, upgrade or connection is refused", () => {
    assert.equal(check({ ...good, "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=" }).state, "refused");
    assert.equal(check({ ...good, "Sec-WebSocket-Accept": undefined }).state, "refused");
    assert.equal(check({ ...good, Upgrade: "h2c" }).state, "refused");
    assert.equal(check({ ...good, Connection: undefined }).state, "refused");
  });

  test("an extension or a subprotocol we did not offer is refused", () => {
    assert.equal(check({ ...good, "Sec-WebSocket-Extensions": "permessage-deflate" }).state, "refused");
    assert.equal(check({ ...good, "Sec-WebSocket-Protocol": "chat" }).state, "refused");
    assert.equal(check({ ...good, "Sec-WebSocket-Protocol": "vpn-ws.v2" }, 101, ["v1"]).state, "refused");
  });

  test("a client that speaks v2 only refuses a server that does not", () => {
    const answer = check(good, 101, ["v2"]);
    assert.deepEqual(answer, { state: "refused", message: "the server does not speak vpn-ws.v2" });
  });
});

test("a key is 16 random bytes in base64", () => {
  assert.equal(newWebSocketKey(new TextEncoder().encode("the sample nonce")), RFC_KEY);
  assert.match(newWebSocketKey(), /^[+/0-9A-Za-z]{22}==$/);
  assert.notEqual(newWebSocketKey(), newWebSocketKey());
});
