import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  formatRequestHead,
  formatResponse,
  type HttpHeadResult,
  type HttpLimits,
  parseRequestHead,
  parseResponseHead,
} from "../../src/wire/http.ts";

const limits: HttpLimits = { maxHeadBytes: 400, maxHeaders: 8 };

/** Pieces that heads are made of, and what does not belong into one. */
const piece = fc.constantFrom(
  ..."GET / HTTP/1.1\r\n|HTTP/1.1 101 Ok\r\n|Host: a\r\n|Upgrade: websocket\r\n|Content-Length: 0\r\n|A: b\r\n".split(
    "|",
  ),
  "Transfer-Encoding: chunked\r\n",
  "\r\n",
  "\r\n\r\n",
  "\r",
  "\n",
  "\0",
  " ",
  "\t",
  ":",
  "\xff",
  "HTTP/2.0",
  "?",
);
const wildHead = fc
  .array(piece, { maxLength: 16 })
  .map((pieces) => Uint8Array.from(Buffer.from(pieces.join(""), "latin1")));
const anyBytes = fc.oneof(wildHead, fc.uint8Array({ maxLength: 500 }));

type Parse = (bytes: Uint8Array, start: number, end: number, limits: HttpLimits) => HttpHeadResult<object>;

const parsers: [name: string, parse: Parse][] = [
  ["a request", parseRequestHead],
  ["a response", parseResponseHead],
];

for (const [name, parse] of parsers) {
  describe(name, () => {
    test("that is settled stays what it is when more bytes come", () => {
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          let settled: HttpHeadResult<object> | undefined;
          for (let end = 0; end <= bytes.length; end++) {
            const result = parse(bytes, 0, end, limits);
            if (settled?.state === "done") assert.deepEqual(result, settled);
            if (settled?.state === "fault") assert.equal(result.state, "fault");
            if (result.state !== "more") settled = result;
          }
        }),
        { numRuns: 150 },
      );
    });

    test("never takes more than was given, nor waits beyond the limit", () => {
      fc.assert(
        fc.property(anyBytes, fc.nat(20), (bytes, offset) => {
          const start = Math.min(offset, bytes.length);
          const result = parse(bytes, start, bytes.length, limits);
          if (result.state === "done")
            assert.ok(result.consumed <= Math.min(bytes.length - start, limits.maxHeadBytes));
          if (bytes.length - start >= limits.maxHeadBytes) assert.notEqual(result.state, "more");
        }),
        { numRuns: 1000 },
      );
    });
  });
}

const name = fc
  .stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
  .filter((text) => !/^(host|content-length|transfer-encoding|sec-.*|authorization)$/i.test(text));
const value = fc.stringMatching(/^[\t\x20-\x7e]{0,20}$/);
const headers = fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key.toLowerCase() });

/** What a reader sees of headers: names in lower case, no blanks around values. */
function asRead(list: readonly (readonly [string, string])[]): [string, string][] {
  return list.map(([key, text]) => [key.toLowerCase(), text.replace(/^[ \t]+|[ \t]+$/g, "")]);
}

test("a request that was formatted is read back", () => {
  fc.assert(
    fc.property(headers, fc.stringMatching(/^\/[!-"$->@-~]{0,20}$/), (list, path) => {
      const all: [string, string][] = [["Host", "a"], ...list];
      const bytes = formatRequestHead("GET", `${path}?q`, all);
      const result = parseRequestHead(bytes, 0, bytes.length, { maxHeadBytes: 4096, maxHeaders: 8 });
      assert.ok(result.state === "done", JSON.stringify(result));
      assert.deepEqual([result.head.path, result.head.query], [path, "q"]);
      assert.deepEqual([...result.head.headers], asRead(all));
      assert.equal(result.consumed, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test("a response that was formatted is read back, its body behind it", () => {
  fc.assert(
    fc.property(headers, fc.integer({ min: 200, max: 203 }), fc.uint8Array({ maxLength: 30 }), (list, status, body) => {
      const bytes = formatResponse(status, list, body);
      const result = parseResponseHead(bytes, 0, bytes.length, { maxHeadBytes: 4096, maxHeaders: 8 });
      assert.ok(result.state === "done");
      assert.equal(result.head.status, status);
      assert.deepEqual([...result.head.headers], [...asRead(list), ["content-length", String(body.length)]]);
      assert.deepEqual(bytes.slice(result.consumed), body);
    }),
    { numRuns: 300 },
  );
});
