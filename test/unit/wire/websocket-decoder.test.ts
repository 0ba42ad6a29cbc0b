import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CloseCode } from "../../../src/wire/close-code.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { encodeClose, encodeMessage, Opcode, type OpcodeValue } from "../../../src/wire/websocket.ts";
import { WebSocketDecoder, type WebSocketEvents } from "../../../src/wire/websocket-decoder.ts";
import { eachByte, type RecordingOptions, recordEvents } from "./recorded-events.ts";

const KEY = 0x0badcafe;
const nothing = (): void => {};
const silent: WebSocketEvents = {
  onBinary: nothing,
  onText: nothing,
  onPing: nothing,
  onPong: nothing,
  onClose: nothing,
};
const client: RecordingOptions = { role: "client" };

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** A client's frame; FIN off and reserved bits by `first`. */
function masked(opcode: OpcodeValue, payload: Uint8Array, first = 0x80 | opcode): Uint8Array {
  const bytes = encodeMessage(opcode, payload, KEY, maskBytes);
  bytes[0] = first;
  return bytes;
}

/** The events of a stream, which must be the same when its bytes come one by one. */
function eventsOf(bytes: Uint8Array, options: RecordingOptions = {}): readonly string[] {
  const whole = recordEvents([bytes], options);
  assert.deepEqual(recordEvents(eachByte(bytes), options), whole);
  return whole.events;
}

describe("messages", () => {
  test("the RFC's examples are read as printed in RFC 6455, 5.7", () => {
    assert.deepEqual(eventsOf(fromHex("81 05 48656c6c6f"), client), ["text Hello"]);
    assert.deepEqual(eventsOf(fromHex("81 85 37fa213d 7f9f4d5158")), ["text Hello"]);
    assert.deepEqual(eventsOf(fromHex("01 03 48656c 80 02 6c6f"), client), ["text Hello"]);
    assert.deepEqual(eventsOf(fromHex("89 05 48656c6c6f"), client), ["ping 48656c6c6f"]);
    assert.deepEqual(eventsOf(fromHex("8a 85 37fa213d 7f9f4d5158")), ["pong 48656c6c6f"]);
  });

  test("lengths of 0 to 70000 bytes are read in all three forms", () => {
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
      const payload = new Uint8Array(length).fill(7);
      const { events } = recordEvents([masked(Opcode.binary, payload)]);
      assert.deepEqual(events, [`binary ${"07".repeat(length)}`]);
    }
  });

  test("an unfragmented message is given where it lies", () => {
    const bytes = join(fromHex("ffff"), masked(Opcode.binary, text("abc")), fromHex("ff"));
    const spans: unknown[] = [];
    const decoder = new WebSocketDecoder(
      { role: "server", dialect: "v2", maxMessageBytes: 10, mask: maskBytes },
      { ...silent, onBinary: (given, start, end) => spans.push([given === bytes, start, end]) },
    );
    assert.equal(decoder.decode(bytes, 2, bytes.length - 1), bytes.length - 1);
    assert.deepEqual(spans, [[true, 8, 11]]);
    assert.deepEqual(bytes.subarray(8, 11), text("abc"));
  });

  test("control frames between fragments come out at once, the message whole at its end", () => {
    const stream = join(
      masked(Opcode.text, fromHex("e2"), 0x01), // the first byte of €
      masked(Opcode.ping, fromHex("01")),
      masked(Opcode.continuation, fromHex("82"), 0x00),
      masked(Opcode.pong, fromHex("02")),
      masked(Opcode.continuation, new Uint8Array(0), 0x00),
      masked(Opcode.continuation, fromHex("ac")),
      masked(Opcode.binary, fromHex("03")),
    );
    assert.deepEqual(eventsOf(stream), ["ping 01", "pong 02", "text €", "binary 03"]);
  });

  test("a reassembled message has room for a header in front of it", () => {
    const stream = join(masked(Opcode.binary, text("ab"), 0x02), masked(Opcode.continuation, text("c")));
    let headroom = 0;
    const decoder = new WebSocketDecoder(
      { role: "server", dialect: "v2", maxMessageBytes: 10, mask: maskBytes },
      {
        ...silent,
        onBinary: (_bytes, start) => {
          headroom = start;
        },
      },
    );
    decoder.decode(stream, 0, stream.length);
    assert.ok(headroom >= 14, "the largest header");
  });
});

describe("incomplete frames", () => {
  const frame = masked(Opcode.binary, new Uint8Array(300));

  test("the bytes needed are told once the length is there, the key and payload yet to come", () => {
    const needed = [0, 1, 2, 3, 4, 100].map((length) => recordEvents([frame.slice(0, length)]).neededBytes);
    assert.deepEqual(needed, [0, 0, 0, 0, 308, 308]);
  });

  test("the bytes needed are zero again when nothing is left", () => {
    assert.deepEqual(recordEvents([frame]), {
      events: [`binary ${"00".repeat(300)}`],
      fault: undefined,
      leftBytes: 0,
      neededBytes: 0,
    });
  });

  test("an incomplete frame is not touched", () => {
    const bytes = frame.slice(0, 200);
    const decoder = new WebSocketDecoder(
      { role: "server", dialect: "v2", maxMessageBytes: 300, mask: maskBytes },
      silent,
    );
    assert.equal(decoder.decode(bytes, 0, bytes.length), 0);
    assert.deepEqual(bytes, frame.slice(0, 200));
  });
});

describe("close", () => {
  test("code and reason are told, and nothing behind is read", () => {
    const stream = join(masked(Opcode.close, encodeClose(1001, "bye")), masked(Opcode.ping, text("x")));
    assert.deepEqual(eventsOf(stream), ["close 1001 bye"]);
  });

  test("a close frame without a code is no status", () => {
    assert.deepEqual(eventsOf(masked(Opcode.close, new Uint8Array(0))), ["close 1005 "]);
  });

  test("a bad close frame is a fault", () => {
    assert.deepEqual(eventsOf(masked(Opcode.close, fromHex("03"))), ["fault 1002"]);
    assert.deepEqual(eventsOf(masked(Opcode.close, fromHex("03ed"))), ["fault 1002"]);
    assert.deepEqual(eventsOf(masked(Opcode.close, fromHex("03e8 ff"))), ["fault 1007"]);
  });
});

describe("faults", () => {
  const faults: [name: string, bytes: Uint8Array, closeCode: number, options?: RecordingOptions][] = [
    ["a reserved bit", fromHex("c2 80"), 1002],
    ["opcode 3", fromHex("83 80"), 1002],
    ["opcode 7", fromHex("87 80"), 1002],
    ["opcode 11", fromHex("8b 80"), 1002],
    ["opcode 15", fromHex("8f 80"), 1002],
    ["a fragmented ping", fromHex("09 80"), 1002],
    ["a ping of 126 bytes", fromHex("89 fe 007e"), 1002],
    ["a continuation of nothing", fromHex("80 80"), 1002],
    ["a message inside a message", fromHex("02 80 00000000 82 80"), 1002],
    ["an unmasked frame from a client", fromHex("82 00"), 1002],
    ["an unmasked ping from a v2 client", fromHex("89 00"), 1002],
    ["an unmasked ping with payload from a v1 client", fromHex("89 01 00"), 1002, { dialect: "v1" }],
    ["a masked frame from a server", fromHex("82 80"), 1002, client],
    ["125 bytes in the 16-bit form", fromHex("82 fe 007d"), 1002],
    ["65535 bytes in the 64-bit form", fromHex("82 ff 000000000000ffff"), 1002],
    ["a length with the top bit set", fromHex("82 ff 8000000000010000"), 1002],
    ["a length of 2^64 - 1", fromHex("82 ff ffffffffffffffff"), 1002],
    ["a length of 2^63 - 1", fromHex("82 ff 7fffffffffffffff"), 1009],
    ["a length of 2^32", fromHex("82 ff 0000000100000000"), 1009],
    ["one byte more than the bound", fromHex("82 fe 012d"), 1009, { maxMessageBytes: 300 }],
    ["a text that is not UTF-8", masked(Opcode.text, fromHex("c0af")), 1007],
    ["a text with half a character", masked(Opcode.text, fromHex("e282")), 1007],
    ["a text with a surrogate", masked(Opcode.text, fromHex("eda080")), 1007],
  ];
  for (const [name, bytes, closeCode, options] of faults) {
    test(`${name} is fault ${closeCode}, and nothing behind it is read`, () => {
      assert.deepEqual(eventsOf(join(bytes, masked(Opcode.ping, text("x"))), options), [`fault ${closeCode}`]);
    });
  }

  test("the bound holds over all fragments, as soon as the header says so", () => {
    const stream = join(masked(Opcode.binary, new Uint8Array(200), 0x02), fromHex("80 e5"));
    assert.deepEqual(eventsOf(stream, { maxMessageBytes: 300 }), ["fault 1009"]);
  });

  test("a fragmented text that is not UTF-8 is a fault at its end", () => {
    const stream = join(masked(Opcode.text, fromHex("e282"), 0x01), masked(Opcode.continuation, text("x")));
    assert.deepEqual(eventsOf(stream), ["fault 1007"]);
  });

  test("a flood of empty fragments ends at the 257th", () => {
    const next = masked(Opcode.continuation, new Uint8Array(0), 0x00);
    const flood = (count: number): Uint8Array =>
      join(masked(Opcode.binary, new Uint8Array(0), 0x02), ...Array.from({ length: count - 1 }, () => next));
    assert.deepEqual(eventsOf(flood(256)), []);
    assert.deepEqual(eventsOf(flood(257)), [`fault ${CloseCode.policyViolation}`]);
  });

  test("a fault tells what was wrong", () => {
    assert.equal(recordEvents([fromHex("82 00")]).fault?.message, "unmasked frame from a client");
  });
});

describe("dialect v1", () => {
  const v1: RecordingOptions = { dialect: "v1" };

  test("the C client's unmasked ping is taken", () => {
    const stream = join(masked(Opcode.binary, text("a")), fromHex("89 00"), masked(Opcode.binary, text("b")));
    assert.deepEqual(eventsOf(stream, v1), ["binary 61", "ping ", "binary 62"]);
  });

  test("text is data, whether it is UTF-8 or not", () => {
    const stream = join(
      masked(Opcode.text, fromHex("ff00")),
      masked(Opcode.text, fromHex("fe"), 0x01),
      masked(Opcode.continuation, fromHex("fd")),
    );
    assert.deepEqual(eventsOf(stream, v1), ["binary ff00", "binary fefd"]);
  });
});

test("ten thousand messages in one buffer are decoded without allocating", () => {
  const message = encodeMessage(Opcode.binary, new Uint8Array(60), undefined, maskBytes);
  const bytes = join(...Array.from({ length: 10_000 }, () => message));
  let count = 0;
  const count1 = (): void => {
    count++;
  };
  const decoder = new WebSocketDecoder(
    { role: "client", dialect: "v2", maxMessageBytes: 1600, mask: maskBytes },
    { ...silent, onBinary: count1 },
  );
  const grownBytes = (): number => {
    const before = process.memoryUsage().heapUsed;
    decoder.decode(bytes, 0, bytes.length);
    return process.memoryUsage().heapUsed - before;
  };
  // A collection in between makes a reading too small, a compiler at work makes it too large: hence the median.
  const readings = Array.from({ length: 21 }, grownBytes).sort((a, b) => a - b);
  assert.ok((readings[10] as number) < 40_000, `grew by ${readings[10]} bytes, an object per message were 160000`);
  assert.equal(count, 210_000);
});
