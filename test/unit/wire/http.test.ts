import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  DEFAULT_HTTP_LIMITS,
  formatRequestHead,
  formatResponse,
  type HttpHeadResult,
  type HttpLimits,
  hasToken,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "../../../src/wire/http.ts";
import { reasonPhrase } from "../../../src/wire/http-status.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function request(text: string, limits: HttpLimits = DEFAULT_HTTP_LIMITS): HttpHeadResult<RequestHead> {
  return parseRequestHead(latin1(text), 0, text.length, limits);
}

function response(text: string): HttpHeadResult<ResponseHead> {
  return parseResponseHead(latin1(text), 0, text.length, DEFAULT_HTTP_LIMITS);
}

function requestHead(text: string): RequestHead {
  const result = request(text);
  assert.ok(result.state === "done", JSON.stringify(result));
  return result.head;
}

function responseHead(text: string): ResponseHead {
  const result = response(text);
  assert.ok(result.state === "done", JSON.stringify(result));
  return result.head;
}

const statusOf = (result: HttpHeadResult<unknown>): number | string =>
  result.state === "fault" ? result.status : result.state;

describe("requests", () => {
  test("the C client's opening is read", () => {
    const head = requestHead(
      "GET /vpn?x=1 HTTP/1.1\r\nHost: example.org:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: AQIDBAUGBwgJCg==\r\nX-vpn-ws-MAC: 02:00:00:00:00:01\r\n\r\n",
    );
    assert.deepEqual(
      { ...head, headers: Object.fromEntries(head.headers) },
      {
        method: "GET",
        target: "/vpn?x=1",
        path: "/vpn",
        query: "x=1",
        version: "1.1",
        headers: {
          host: "example.org:8080",
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-key": "AQIDBAUGBwgJCg==",
          "x-vpn-ws-mac": "02:00:00:00:00:01",
        },
      },
    );
  });

  test("what follows the head is left, and the head may begin anywhere", () => {
    const bytes = latin1("??GET / HTTP/1.0\r\n\r\n\x82\x00");
    const result = parseRequestHead(bytes, 2, bytes.length, DEFAULT_HTTP_LIMITS);
    assert.equal(result.state === "done" && result.consumed, 18);
  });

  test("the target is split into path and query, with or without an origin", () => {
    const parts = (target: string): string[] => {
      const { path, query } = requestHead(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return [path, query];
    };
    assert.deepEqual(parts("/"), ["/", ""]);
    assert.deepEqual(parts("/a/b?c=d?e"), ["/a/b", "c=d?e"]);
    assert.deepEqual(parts("//a"), ["//a", ""]);
    assert.deepEqual(parts("http://a:80/b?c"), ["/b", "c"]);
    assert.deepEqual(parts("HTTPS://a"), ["/", ""]);
    assert.deepEqual(parts("http://a?b"), ["/", "b"]);
  });

  test("repeated headers are joined, names lower-cased, blanks around values taken away", () => {
    const { headers } = requestHead("GET / HTTP/1.1\r\nHOST:a\r\nX-A: \t one \t\r\nx-a:\r\nX-a:t w o\r\n\r\n");
    assert.equal(headers.get("x-a"), "one, , t w o");
    assert.equal(headers.get("host"), "a");
  });

  test("names of object properties are just names", () => {
    const { headers } = requestHead("GET / HTTP/1.0\r\n__proto__: a\r\nconstructor: b\r\n\r\n");
    assert.deepEqual(
      [...headers],
      [
        ["__proto__", "a"],
        ["constructor", "b"],
      ],
    );
  });

  test("bytes above 127 in a value are Latin-1", () => {
    assert.equal(requestHead("GET / HTTP/1.0\r\nA: \xe9\x80\r\n\r\n").headers.get("a"), "\xe9\x80");
  });

  const head = "GET / HTTP/1.1\r\nHost: a\r\n";
  const faults: [name: string, text: string, status: number][] = [
    ["an empty first line", `\r\n${head}\r\n`, 400],
    ["a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400],
    ["a bare line feed between headers", `${head}A: b\nC: d\r\n\r\n`, 400],
    ["an empty line of a bare line feed", `${head}\n\r\n`, 400],
    ["a bare carriage return", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400],
    ["two carriage returns", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400],
    ["NUL", `${head}A: \0\r\n\r\n`, 400],
    ["DEL", `${head}A: \x7f\r\n\r\n`, 400],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01", 400],
    ["two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a request line of HTTP/0.9", "GET /\r\n\r\n", 400],
    ["a method that is no token", "G{T / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n", 400],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["a target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a target that is a query", "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a fragment in the target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a target beyond ASCII", "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a proxy request", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400],
    ["a folded header", `${head}A: b\r\n c\r\n\r\n`, 400],
    ["a header without a colon", `${head}A\r\n\r\n`, 400],
    ["a header without a name", `${head}: a\r\n\r\n`, 400],
    ["whitespace before the colon", `${head}A : b\r\n\r\n`, 400],
    ["a header name that is no token", `${head}A(: b\r\n\r\n`, 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two hosts", `${head}host: a\r\n\r\n`, 400],
    ["two keys", `${head}Sec-WebSocket-Key: a\r\nSec-Websocket-Key: b\r\n\r\n`, 400],
    ["two lengths", `${head}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`, 400],
    ["a length that is no number", `${head}Content-Length: +1\r\n\r\n`, 400],
    ["a body", `${head}Content-Length: 1\r\n\r\nx`, 413],
    ["a transfer coding", `${head}Transfer-Encoding: chunked\r\n\r\n`, 501],
  ];
  for (const [name, text, status] of faults) {
    test(`${name} is refused with ${status}`, () => assert.equal(statusOf(request(text)), status));
  }

  test("a body of length zero is none", () => {
    assert.equal(requestHead(`${head}Content-Length: 0\r\n\r\n`).headers.get("content-length"), "0");
  });
});

describe("limits", () => {
  const limits: HttpLimits = { maxHeadBytes: 64, maxHeaders: 3 };
  const text = (fill: number): string => `GET / HTTP/1.0\r\nA: ${"a".repeat(fill)}\r\n\r\n`;

  test("a head of exactly the limit is taken, one byte more is not", () => {
    const fits = 64 - text(0).length;
    assert.equal(request(text(fits), limits).state, "done");
    assert.equal(statusOf(request(text(fits + 1), limits)), 431);
  });

  test("more is asked for until the limit is reached, then the request line or the headers are too large", () => {
    assert.equal(statusOf(request("G".repeat(63), limits)), "more");
    assert.equal(statusOf(request("G".repeat(64), limits)), 414);
    assert.equal(statusOf(request(text(100).slice(0, 64), limits)), 431);
  });

  test("one header too many is refused", () => {
    assert.equal(statusOf(request(`GET / HTTP/1.0\r\n${"A: b\r\n".repeat(3)}\r\n`, limits)), "done");
    assert.equal(statusOf(request(`GET / HTTP/1.0\r\n${"A: b\r\n".repeat(4)}\r\n`, limits)), 431);
  });

  test("ten thousand headers are refused with 431", () => {
    assert.equal(statusOf(request(`GET / HTTP/1.0\r\n${"A: b\r\n".repeat(10_000)}\r\n`)), 431);
  });
});

describe("responses", () => {
  test("the C server's answer is read", () => {
    const head = responseHead("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    assert.equal(head.status, 101);
    assert.equal(head.reason, "Switching Protocols");
    assert.equal(head.headers.get("upgrade"), "websocket");
  });

  test("the reason may be empty or missing, and a body is not looked at", () => {
    assert.equal(responseHead("HTTP/1.0 200 \r\n\r\n").reason, "");
    assert.equal(responseHead("HTTP/1.1 403\r\nContent-Length: 5\r\n\r\nsorry").status, 403);
  });

  test("what is not an HTTP/1 answer is refused", () => {
    for (const line of [
      "SSH-2.0-OpenSSH_9.2",
      "HTTP/2 200 OK",
      "HTTP/1.1 20 OK",
      "HTTP/1.1 2000 OK",
      "HTTP/1.1 099 x",
    ]) {
      assert.equal(statusOf(response(`${line}\r\n\r\n`)), 502, line);
    }
    assert.equal(statusOf(response("HTTP/1.1 200 OK\r\nA b\r\n\r\n")), 502);
    assert.equal(statusOf(response("HTTP/1.1 200 OK\n\n")), 502);
  });
});

describe("formatting", () => {
  test("a response has its phrase and the length of its body", () => {
    const bytes = formatResponse(404, [["Content-Type", "text/plain"]], "né");
    assert.equal(toText(bytes), "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nné");
  });

  test("a body may be bytes, a version 1.0, and without a body the length is zero", () => {
    assert.equal(
      toText(formatResponse(200, [], latin1("ab"), "1.0")),
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    );
    assert.equal(toText(formatResponse(503, [])), "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  });

  test("101, 204 and 304 have neither length nor body", () => {
    assert.equal(toText(formatResponse(101, [], "x")), "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert.equal(toText(formatResponse(204, [], "x")), "HTTP/1.1 204 No Content\r\n\r\n");
    assert.equal(toText(formatResponse(304, [])), "HTTP/1.1 304 Not Modified\r\n\r\n");
  });

  test("nothing can be smuggled through a header, method or target", () => {
    for (const value of ["a\r\nB: c", "a\nb", "a\rb", "a\0", "é"]) {
      assert.throws(() => formatResponse(200, [["A", value]]), RangeError, JSON.stringify(value));
      assert.throws(() => formatRequestHead("GET", "/", [["A", value]]), RangeError);
    }
    assert.throws(() => formatResponse(200, [["A: b\r\nC", "d"]]), RangeError);
    assert.throws(() => formatRequestHead("GET", "/ HTTP/1.1\r\nA: b", []), RangeError);
    assert.throws(() => formatRequestHead("GET ", "/", []), RangeError);
  });

  test("a status without a phrase is still a response", () => {
    assert.equal(reasonPhrase(299), "Unknown");
    assert.equal(responseHead(toText(formatResponse(299, []))).status, 299);
  });
});

test("a token is found in a list in any case, and only whole", () => {
  assert.ok(hasToken("keep-alive, Upgrade", "upgrade"));
  assert.ok(hasToken("UPGRADE", "upgrade"));
  assert.ok(!hasToken("upgraded, not-upgrade", "upgrade"));
  assert.ok(!hasToken(undefined, "upgrade"));
});
