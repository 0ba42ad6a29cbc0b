/**
 * WebSocket frames, the sending side (RFC 6455, 5.2). We never fragment, so every frame is a whole message.
 *
 *      byte 0            byte 1                    then                       then
 *     ┌───┬─────┬──────┐┌──────┬────────────────┐┌─────────────────────────┐┌───────────────┐┌─────────┐
 *     │FIN│ RSV │opcode││ MASK │ length 0…125   ││ 126: length, u16be      ││ MASK: the key ││ payload │
 *     │ 1 │ 000 │ 4 bit││ 1 bit│ or 126 or 127  ││ 127: length, u64be      ││ four bytes    ││         │
 *     └───┴─────┴──────┘└──────┴────────────────┘└─────────────────────────┘└───────────────┘└─────────┘
 *
 * On the frame path the header is written into the headroom in front of the payload, where it lies.
 */
import { CloseCode, isSendableCloseCode } from "./close-code.ts";
import type { MaskBytes } from "./mask.ts";
import { decodeUtf8, encodeUtf8Within } from "./utf8.ts";

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type OpcodeValue = (typeof Opcode)[keyof typeof Opcode];

/** Largest payload of a control frame (RFC 6455, 5.5). */
export const MAX_CONTROL_PAYLOAD_BYTES = 125;

const FIN = 0x80;
const MASK = 0x80;

/** A breach of the protocol, and the code to close with. */
export interface WebSocketFault {
  readonly closeCode: number;
  readonly message: string;
}

/** Bytes of the shortest header for this payload: 2, 4 or 10, and 4 more with a key. */
export function headerBytes(payloadBytes: number, masked: boolean): number {
  const keyBytes = masked ? 4 : 0;
  if (payloadBytes < 126) return 2 + keyBytes;
  return (payloadBytes < 0x1_0000 ? 4 : 10) + keyBytes;
}

/** Writes an unmasked header so that it ends at `payloadStart`; returns where it starts. */
export function writeHeaderBefore(
  bytes: Uint8Array,
  payloadStart: number,
  payloadBytes: number,
  opcode: OpcodeValue,
): number {
  const start = payloadStart - headerBytes(payloadBytes, false);
  bytes[start] = FIN | opcode;
  writeLength(bytes, start + 1, payloadBytes, 0);
  return start;
}

/**
 * Writes a header with `key` so that it ends at `payloadStart`; returns where it starts. The payload is left as it
 * is: masking it with the same key is the caller's.
 */
export function writeMaskedHeaderBefore(
  bytes: Uint8Array,
  payloadStart: number,
  payloadBytes: number,
  opcode: OpcodeValue,
  key: number,
): number {
  const start = payloadStart - headerBytes(payloadBytes, true);
  bytes[start] = FIN | opcode;
  writeLength(bytes, start + 1, payloadBytes, MASK);
  writeUint32(bytes, payloadStart - 4, key);
  return start;
}

/** A whole message in bytes of its own, for control frames and text; masked if `key` is given. */
export function encodeMessage(
  opcode: OpcodeValue,
  payload: Uint8Array,
  key: number | undefined,
  mask: MaskBytes,
): Uint8Array {
  const payloadStart = headerBytes(payload.length, key !== undefined);
  const bytes = new Uint8Array(payloadStart + payload.length);
  bytes.set(payload, payloadStart);
  if (key === undefined) {
    writeHeaderBefore(bytes, payloadStart, payload.length, opcode);
  } else {
    writeMaskedHeaderBefore(bytes, payloadStart, payload.length, opcode, key);
    mask(bytes, payloadStart, bytes.length, key);
  }
  return bytes;
}

/**
 * The payload of a close frame: `u16be code`, then the reason cut to the 123 bytes that fit. Empty for a code that
 * must not be sent, such as `CloseCode.noStatus`.
 */
export function encodeClose(code: number, reason: string): Uint8Array {
  if (!isSendableCloseCode(code)) return new Uint8Array(0);
  const text = encodeUtf8Within(reason, MAX_CONTROL_PAYLOAD_BYTES - 2);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}

type CloseResult =
  | { readonly state: "done"; readonly code: number; readonly reason: string }
  | { readonly state: "fault"; readonly fault: WebSocketFault };

/** Reads the payload of a close frame. An empty one is allowed and means `CloseCode.noStatus`. */
export function parseClose(payload: Uint8Array): CloseResult {
  if (payload.length === 0) return { state: "done", code: CloseCode.noStatus, reason: "" };
  if (payload.length === 1) return closeFault(CloseCode.protocolError, "close frame with half a code");
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!isSendableCloseCode(code)) return closeFault(CloseCode.protocolError, `close code ${code} is not allowed`);
  const reason = decodeUtf8(payload, 2, payload.length);
  if (reason === undefined) return closeFault(CloseCode.invalidPayload, "close reason is not UTF-8");
  return { state: "done", code, reason };
}

function closeFault(closeCode: number, message: string): CloseResult {
  return { state: "fault", fault: { closeCode, message } };
}

function writeLength(bytes: Uint8Array, at: number, payloadBytes: number, maskBit: number): void {
  if (payloadBytes < 126) {
    bytes[at] = maskBit | payloadBytes;
  } else if (payloadBytes < 0x1_0000) {
    bytes[at] = maskBit | 126;
    bytes[at + 1] = payloadBytes >>> 8;
    bytes[at + 2] = payloadBytes & 0xff;
  } else {
    bytes[at] = maskBit | 127;
    writeUint32(bytes, at + 1, Math.floor(payloadBytes / 0x1_0000_0000));
    writeUint32(bytes, at + 5, payloadBytes);
  }
}

/** Big-endian; takes the low 32 bits of `value`. */
function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
