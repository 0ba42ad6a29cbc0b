/**
 * The frames of the original's programs, written from the description of its wire and not from our own codecs, so that
 * a mistake in those cannot hide itself here: one Ethernet frame per message, lengths of 7 and 16 bits sent, any read.
 */

export interface Message {
  readonly opcode: number;
  /** Unmasked. Borrowed until the next `push`. */
  readonly payload: Buffer;
  readonly masked: boolean;
}

/** The original's ping: without a mask, although its client sends it. */
export const BARE_PING = Buffer.from([0x89, 0x00]);

/** A binary message; masked if there is a key. The original's client has one key for a whole connection. */
export function encodeFrame(frame: Uint8Array, key?: Uint8Array): Buffer {
  const long = frame.length >= 126;
  const maskBit = key === undefined ? 0 : 0x80;
  const header = long ? [0x82, maskBit | 126, frame.length >> 8, frame.length & 0xff] : [0x82, maskBit | frame.length];
  const keyBytes = key === undefined ? [] : [...key];
  const message = Buffer.alloc(header.length + keyBytes.length + frame.length);
  message.set(header);
  message.set(keyBytes, header.length);
  const payloadAt = header.length + keyBytes.length;
  message.set(frame, payloadAt);
  if (key !== undefined) applyMask(message.subarray(payloadAt), key);
  return message;
}

/** Cuts a byte stream into messages. */
export class MessageReader {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Message[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const messages: Message[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): Message | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const masked = (bytes.readUInt8(1) & 0x80) !== 0;
    const code = bytes.readUInt8(1) & 0x7f;
    const lengthEnd = code === 126 ? 4 : code === 127 ? 10 : 2;
    const payloadAt = lengthEnd + (masked ? 4 : 0);
    if (bytes.length < payloadAt) return undefined;
    const length = code === 126 ? bytes.readUInt16BE(2) : code === 127 ? Number(bytes.readBigUInt64BE(2)) : code;
    if (bytes.length < payloadAt + length) return undefined;
    const payload = bytes.subarray(payloadAt, payloadAt + length);
    if (masked) applyMask(payload, bytes.subarray(lengthEnd, payloadAt));
    this.#bytes = bytes.subarray(payloadAt + length);
    return { opcode: bytes.readUInt8(0) & 0x0f, payload, masked };
  }
}

function applyMask(bytes: Uint8Array, key: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ (key[i % 4] as number);
}
