import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CloseCode, isSendableCloseCode } from "../../../src/wire/close-code.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import {
  encodeClose,
  encodeMessage,
  headerBytes,
  Opcode,
  parseClose,
  writeHeaderBefore,
  writeMaskedHeaderBefore,
} from "../../../src/wire/websocket.ts";
import { toHex } from "./recorded-events.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("headers", () => {
  const lengths: [payloadBytes: number, unmasked: string, masked: string][] = [
    //           FIN+binary  length          FIN+binary  MASK+length       key
    [0, "82" + "00", "82" + "80" + "01020304"],
    [125, "82" + "7d", "82" + "fd" + "01020304"],
    [126, "82" + "7e007e", "82" + "fe007e" + "01020304"],
    [1514, "82" + "7e05ea", "82" + "fe05ea" + "01020304"],
    [65_535, "82" + "7effff", "82" + "feffff" + "01020304"],
    [65_536, "82" + "7f0000000000010000", "82" + "ff0000000000010000" + "01020304"],
    [2 ** 32 + 5, "82" + "7f0000000100000005", "82" + "ff0000000100000005" + "01020304"],
  ];
  for (const [payloadBytes, unmasked, masked] of lengths) {
    test(`${payloadBytes} bytes have the shortest header, ending where the payload starts`, () => {
      const bytes = new Uint8Array(20);
      const start = writeHeaderBefore(bytes, 16, payloadBytes, Opcode.binary);
      assert.equal(toHex(bytes.subarray(start, 16)), unmasked);
      assert.equal(16 - start, headerBytes(payloadBytes, false));
      const maskedStart = writeMaskedHeaderBefore(bytes, 16, payloadBytes, Opcode.binary, 0x01020304);
      assert.equal(toHex(bytes.subarray(maskedStart, 16)), masked);
      assert.equal(16 - maskedStart, headerBytes(payloadBytes, true));
      assert.equal(toHex(bytes.subarray(16)), "00000000", "the payload is untouched");
    });
  }
});

describe("messages", () => {
  test("the RFC's examples come out as printed in RFC 6455, 5.7", () => {
    const hello = text("Hello");
    assert.equal(toHex(encodeMessage(Opcode.text, hello, undefined, maskBytes)), "810548656c6c6f");
    assert.equal(toHex(encodeMessage(Opcode.text, hello, 0x37fa213d, maskBytes)), "818537fa213d7f9f4d5158");
    assert.equal(toHex(encodeMessage(Opcode.ping, hello, undefined, maskBytes)), "890548656c6c6f");
    assert.equal(toHex(encodeMessage(Opcode.pong, hello, 0x37fa213d, maskBytes)), "8a8537fa213d7f9f4d5158");
  });

  test("the payload given is not masked in place", () => {
    const payload = text("Hello");
    encodeMessage(Opcode.text, payload, 0x37fa213d, maskBytes);
    assert.deepEqual(payload, text("Hello"));
  });
});

describe("close payloads", () => {
  test("code and reason survive the trip", () => {
    assert.equal(toHex(encodeClose(CloseCode.goingAway, "bye")), "03e9" + "627965");
    const parsed = parseClose(encodeClose(CloseCode.policyViolation, "trop de zèle"));
    assert.deepEqual(parsed, { state: "done", code: 1008, reason: "trop de zèle" });
  });

  test("a long reason is cut between characters to what fits", () => {
    const payload = encodeClose(CloseCode.normal, "é".repeat(100));
    assert.equal(payload.length, 2 + 122);
    assert.deepEqual(parseClose(payload), { state: "done", code: 1000, reason: "é".repeat(61) });
  });

  test("a code that must not be sent makes an empty payload", () => {
    for (const code of [CloseCode.noStatus, CloseCode.abnormal, 1015, 0, 999, 5000, 70_000]) {
      assert.equal(encodeClose(code, "no").length, 0);
    }
  });

  test("an empty payload means no status", () => {
    assert.deepEqual(parseClose(new Uint8Array(0)), { state: "done", code: CloseCode.noStatus, reason: "" });
  });

  test("half a code, a forbidden code and a reason that is not UTF-8 are faults", () => {
    const closeCodeOf = (bytes: number[]): number | undefined => {
      const result = parseClose(Uint8Array.from(bytes));
      return result.state === "fault" ? result.fault.closeCode : undefined;
    };
    assert.equal(closeCodeOf([0x03]), CloseCode.protocolError);
    assert.equal(closeCodeOf([0x03, 0xed]), CloseCode.protocolError, "1005");
    assert.equal(closeCodeOf([0x07, 0xcf]), CloseCode.protocolError, "1999");
    assert.equal(closeCodeOf([0x03, 0xe8, 0xc3]), CloseCode.invalidPayload, "1000 and half an é");
  });

  test("exactly the codes of RFC 6455 and the registry are allowed", () => {
    const allowed = Array.from({ length: 6000 }, (_, code) => code).filter(isSendableCloseCode);
    const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    assert.deepEqual(allowed, [...registered, ...Array.from({ length: 2000 }, (_, i) => 3000 + i)]);
  });
});
