import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Writable } from "node:stream";
import { describe, test } from "node:test";
import fc from "fast-check";
import { maskBytes } from "../../src/wire/mask.ts";
import { encodeClose, encodeMessage, Opcode, type OpcodeValue, parseClose } from "../../src/wire/websocket.ts";
import { cutAt, eachByte, type Recording, recordEvents, toHex } from "../unit/wire/recorded-events.ts";

type Role = "server" | "client";

const MAX_MESSAGE_BYTES = 300;
const KEY = 0x5a17c3e9;

/** The receiver of the npm package ws, which its types do not show. */
const { Receiver } = createRequire(import.meta.url)("ws") as { Receiver: new (options: object) => Writable };

/** What ws says of a stream, in the words of `recordEvents`. */
function recordEventsOfWs(bytes: Uint8Array, role: Role): string[] {
  const events: string[] = [];
  let ended = false;
  const receiver = new Receiver({ isServer: role === "server", maxPayload: MAX_MESSAGE_BYTES, maxFragments: 256 });
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    events.push(isBinary ? `binary ${toHex(data)}` : `text ${data.toString()}`),
  );
  receiver.on("ping", (payload: Buffer) => events.push(`ping ${toHex(payload)}`));
  receiver.on("pong", (payload: Buffer) => events.push(`pong ${toHex(payload)}`));
  receiver.on("conclude", (code: number, reason: Buffer) => events.push(`close ${code} ${reason.toString()}`));
  receiver.on("error", () => {});
  const onDone = (error?: Error | null): void => {
    if (error && !ended) events.push(`fault ${wsCloseCode(error)}`);
    ended ||= Boolean(error);
  };
  // Not by `write`, which reports a fault in a later tick.
  receiver._write(Buffer.from(bytes), "binary", onDone);
  return events;
}

function wsCloseCode(error: Error): unknown {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  return symbol && Reflect.get(error, symbol);
}

interface Fragment {
  readonly opcode: OpcodeValue;
  readonly isLast: boolean;
  readonly payload: Uint8Array;
}

function encodeFragments(fragments: readonly Fragment[], role: Role): Uint8Array {
  const frames = fragments.map(({ opcode, isLast, payload }) => {
    const bytes = encodeMessage(opcode, payload, role === "server" ? KEY : undefined, maskBytes);
    if (!isLast) bytes[0] = opcode;
    return bytes;
  });
  return Uint8Array.from(Buffer.concat(frames));
}

const payload = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 120, maxLength: 130 }));
const words = fc.oneof(fc.string({ unit: "grapheme", maxLength: 20 }), fc.string({ unit: "binary", maxLength: 20 }));
const utf8 = words.map((text) => new TextEncoder().encode(text));

const control: fc.Arbitrary<Fragment> = fc.record({
  opcode: fc.constantFrom(Opcode.ping, Opcode.pong),
  isLast: fc.constant(true),
  payload: fc.uint8Array({ maxLength: 125 }),
});

const close: fc.Arbitrary<Fragment> = fc.record({
  opcode: fc.constant(Opcode.close),
  isLast: fc.constant(true),
  payload: fc.oneof(fc.constantFrom(encodeClose(1000, "bye"), encodeClose(4999, "")), fc.uint8Array({ maxLength: 10 })),
});

/** One message, cut into pieces at any bytes, with control frames in between. */
const message: fc.Arbitrary<Fragment[]> = fc
  .tuple(
    fc.oneof(fc.tuple(fc.constant(Opcode.binary), payload), fc.tuple(fc.constant(Opcode.text), utf8)),
    fc.array(fc.nat(130), { maxLength: 3 }),
    fc.array(control, { minLength: 4, maxLength: 4 }),
  )
  .map(([[opcode, bytes], cuts, controls]) => {
    const pieces = cutAt(bytes, cuts);
    return pieces.flatMap((piece, index): Fragment[] => {
      const fragment: Fragment = {
        opcode: index === 0 ? opcode : Opcode.continuation,
        isLast: index === pieces.length - 1,
        payload: piece,
      };
      return fragment.isLast ? [fragment] : [fragment, controls[index] as Fragment];
    });
  });

const validStream = fc
  .array(
    fc.oneof(
      message,
      control.map((one) => [one]),
    ),
    { maxLength: 6 },
  )
  .map((all) => all.flat());

const roles = fc.constantFrom<Role>("server", "client");

/** Streams that break the rules anywhere: wild frames, and bytes changed, taken out or put in. */
const wildStream: fc.Arbitrary<[Role, Uint8Array]> = fc
  .tuple(
    roles,
    fc.array(
      fc.oneof(
        validStream,
        close.map((one) => [one]),
      ),
      { maxLength: 4 },
    ),
    fc.array(fc.tuple(fc.nat(400), fc.constantFrom("set", "cut", "put"), fc.oneof(headerByte(), fc.nat(255))), {
      maxLength: 3,
    }),
  )
  .map(([role, fragments, changes]) => {
    const bytes = [...encodeFragments(fragments.flat(), role)];
    for (const [position, change, byte] of changes) {
      const at = position % (bytes.length + 1);
      if (change === "set") bytes[at] = byte;
      else if (change === "cut") bytes.splice(at, 1);
      else bytes.splice(at, 0, byte);
    }
    return [role, Uint8Array.from(bytes)];
  });

function headerByte(): fc.Arbitrary<number> {
  return fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc2, 0x7e, 0x7f, 0xfe, 0xff);
}

const recordIn = (role: Role, chunks: readonly Uint8Array[]): Recording =>
  recordEvents(chunks, { role, maxMessageBytes: MAX_MESSAGE_BYTES });

/** Where we are stricter than ws on purpose: it takes longer forms of a length, and calls a negative one too big. */
function isStricterThanWs(ours: Recording): boolean {
  return /shortest form|top bit/.test(ours.fault?.message ?? "");
}

/** Completes any control frame, so that a fault in its payload is found however late one looks for it. */
const PADDING = new Uint8Array(140);

describe("the decoder", () => {
  test("reads every valid stream as ws does", () => {
    fc.assert(
      fc.property(roles, validStream, (role, fragments) => {
        const bytes = encodeFragments(fragments, role);
        const ours = recordIn(role, [bytes.slice()]);
        assert.equal(ours.fault, undefined);
        assert.equal(ours.leftBytes, 0);
        assert.deepEqual(ours.events, recordEventsOfWs(bytes, role));
      }),
      { numRuns: 400 },
    );
  });

  test("judges every broken stream as ws does, or by the rules that ws leaves out", () => {
    fc.assert(
      fc.property(wildStream, ([role, stream]) => {
        const bytes = Uint8Array.from(Buffer.concat([stream, PADDING]));
        const ours = recordIn(role, [bytes.slice()]);
        const theirs = recordEventsOfWs(bytes, role);
        if (isStricterThanWs(ours)) {
          assert.deepEqual(ours.events.slice(0, -1), theirs.slice(0, ours.events.length - 1));
        } else {
          assert.deepEqual(ours.events, theirs);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("says the same of a stream however it is cut", () => {
    const cuts = fc.array(fc.nat(400), { maxLength: 8 });
    fc.assert(
      fc.property(wildStream, cuts, fc.constantFrom<"v1" | "v2">("v1", "v2"), ([role, bytes], offsets, dialect) => {
        const options = { role, dialect, maxMessageBytes: MAX_MESSAGE_BYTES };
        const whole = recordEvents([bytes.slice()], options);
        assert.deepEqual(recordEvents(cutAt(bytes, offsets), options), whole);
        assert.deepEqual(recordEvents(eachByte(bytes), options), whole);
      }),
      { numRuns: 500 },
    );
  });

  test("survives arbitrary bytes, and never asks for more than the bound and a header", () => {
    fc.assert(
      fc.property(roles, fc.uint8Array({ maxLength: 60 }), (role, bytes) => {
        const { neededBytes } = recordIn(role, [bytes]);
        assert.ok(neededBytes <= MAX_MESSAGE_BYTES + 14);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("the encoder", () => {
  test("writes what ws reads", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: MAX_MESSAGE_BYTES }),
        fc.option(fc.integer(), { nil: undefined }),
        (bytes, key) => {
          const encoded = encodeMessage(Opcode.binary, bytes, key, maskBytes);
          assert.deepEqual(recordEventsOfWs(encoded, key === undefined ? "client" : "server"), [
            `binary ${toHex(bytes)}`,
          ]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("close payloads survive the trip, their reasons a beginning of what was given", () => {
    const code = fc.oneof(fc.constantFrom(1000, 1001, 1011), fc.integer({ min: 3000, max: 4999 }));
    fc.assert(
      fc.property(code, fc.string({ unit: "grapheme", maxLength: 200 }), (given, reason) => {
        const encoded = encodeClose(given, reason);
        assert.ok(encoded.length <= 125);
        const parsed = parseClose(encoded);
        assert.ok(parsed.state === "done");
        assert.equal(parsed.code, given);
        assert.ok(reason.startsWith(parsed.reason));
      }),
      { numRuns: 300 },
    );
  });
});
