import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import fc from "fast-check";
import { httpIncoming, type IncomingHead, uwsgiIncoming } from "../../../src/transport/incoming.ts";
import { type HeadFormat, type HeadOutcome, readHead } from "../../../src/transport/read-head.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { HandClock } from "../../hand-clock.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const REQUEST = "GET /vpn HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\n";

/** What readHead makes of the chunks; undefined if it waits for more. It stops listening once it is done. */
function read<Head>(format: HeadFormat<Head>, chunks: readonly Uint8Array[]): HeadOutcome<Head> | undefined {
  const stream = new PassThrough() as unknown as Socket;
  let outcome: HeadOutcome<Head> | undefined;
  readHead(new HandClock(), stream, { timeoutMs: 1000, format }, (result) => {
    outcome = result;
  });
  for (const chunk of chunks) stream.emit("data", Buffer.from(chunk));
  return outcome;
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [...new Set([...at.map((offset) => offset % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

/** What can be compared: the reader of headers is a function, and what lies behind the head depends on the chunks. */
function settled(outcome: HeadOutcome<IncomingHead> | undefined): unknown {
  if (outcome?.state !== "done") return outcome;
  const { request, ...head } = outcome.head;
  return { ...head, path: request.path, query: request.query, value: request.header("x-a") };
}

const formats: readonly (readonly [string, HeadFormat<IncomingHead>])[] = [
  ["HTTP", httpIncoming],
  ["uwsgi", uwsgiIncoming],
];

describe("the head of a request", () => {
  const pieces = fc.constantFrom(
    REQUEST,
    "GET / HTTP/1.1\r\n",
    "Host: h\r\n",
    "X-A: \xe9\r\n",
    "\r\n",
    "\r",
    "\n",
    "\0",
    "a",
  );
  const wild = fc.array(pieces, { maxLength: 8 }).map((texts) => latin1(texts.join("")));
  const packet = fc
    .dictionary(fc.constantFrom("REQUEST_URI", "HTTP_X_A", "DN"), fc.string({ maxLength: 9 }))
    .map((vars) => Buffer.concat([encodeUwsgi(0, Object.entries(vars)), latin1("rest")]));
  const large = fc.integer({ min: 16_380, max: 16_390 }).map((size) => latin1(REQUEST.slice(0, -2).padEnd(size, "x")));

  for (const [name, format] of formats) {
    test(`in ${name} is the same in whatever chunks it comes`, () => {
      const bytes = fc.oneof(wild, packet, large);
      fc.assert(
        fc.property(bytes, fc.array(fc.nat(), { maxLength: 6 }), (head, at) => {
          assert.deepEqual(settled(read(format, cut(head, at))), settled(read(format, [head])));
        }),
        { numRuns: 500 },
      );
    });
  }

  test("is whole with its last byte, and what lies behind it is kept, at every cut", () => {
    for (const [format, head] of [
      [formats[0]?.[1], latin1(REQUEST)],
      [formats[1]?.[1], encodeUwsgi(0, [["REQUEST_URI", "/vpn"]])],
    ] as const) {
      assert.ok(format !== undefined);
      const bytes = Buffer.concat([head, latin1("rest")]);
      for (let at = 1; at < head.length; at++) {
        const outcome: HeadOutcome<IncomingHead> | undefined = read(format, [
          bytes.subarray(0, at),
          bytes.subarray(at),
        ]);
        assert.equal(outcome?.state === "done" ? outcome.rest.toString() : outcome?.state, "rest");
      }
      assert.equal(
        read(
          format,
          Array.from(head.subarray(0, -1), (byte) => Uint8Array.of(byte)),
        ),
        undefined,
      );
      assert.equal(
        read(
          format,
          Array.from(head, (byte) => Uint8Array.of(byte)),
        )?.state,
        "done",
      );
    }
  });

  test("holds no more memory than the largest head has bytes, however it comes", () => {
    const largest = 4 + 65_535;
    // A packet of that size, its variables all in one.
    const packet = encodeUwsgi(0, [["X", "x".repeat(65_535 - 5)]]);
    assert.equal(packet.length, largest);
    let held: ArrayBufferLike | undefined;
    const watching: HeadFormat<IncomingHead> = {
      mayBeSettled: () => true,
      parse: (bytes, start, end) => {
        held = bytes.buffer;
        return uwsgiIncoming.parse(bytes, start, end);
      },
    };
    for (const first of [1, 1_000, 40_000, 65_000]) {
      assert.equal(read(watching, [packet.subarray(0, first), packet.subarray(first, -1)]), undefined);
      assert.ok((held?.byteLength ?? 0) <= largest, `${held?.byteLength} bytes`);
      assert.equal(read(watching, [packet.subarray(0, first), packet.subarray(first)])?.state, "done");
    }
  });

  test("is not decoded again for each byte of it, only once it can be settled", () => {
    let parsed = 0;
    const http = httpIncoming;
    const counting: HeadFormat<IncomingHead> = {
      mayBeSettled: http.mayBeSettled,
      parse: (bytes, start, end) => {
        parsed++;
        return http.parse(bytes, start, end);
      },
    };
    const head = latin1(`${REQUEST.slice(0, -2)}${"X-Long: y\r\n".repeat(60)}\r\n`);
    assert.equal(
      read(
        counting,
        Array.from(head, (byte) => Uint8Array.of(byte)),
      )?.state,
      "done",
    );
    assert.equal(parsed, 1);
  });

  test("that is garbage is refused with the byte that makes it so", () => {
    const http = httpIncoming;
    for (const garbage of ["GET / HTTP/1.1\n", "GET\0", "GET / HTTP/1.1\rX", "\r\n", "G\x7f"]) {
      const bytes = latin1(garbage);
      const whole = Array.from(bytes, (byte) => Uint8Array.of(byte));
      assert.equal(read(http, whole.slice(0, -1)), undefined, garbage);
      assert.equal(read(http, whole)?.state, "fault", garbage);
    }
  });
});
