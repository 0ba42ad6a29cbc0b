import { CloseCode } from "./close-code.ts";
import type { OpcodeValue, WebSocketFault } from "./websocket.ts";

/** More than any sane sender splits a message into; bounds floods of empty fragments. */
const MAX_FRAGMENTS = 256;

/**
 * Bytes kept free in front of the reassembled payload, so that its taker may write another header there, as it may
 * over the header of an unfragmented message: the largest header is 14.
 */
const HEADROOM_BYTES = 16;

const FIRST_BUFFER_BYTES = 4096;
const NO_BYTES = new Uint8Array(0);

const TOO_MANY: WebSocketFault = {
  closeCode: CloseCode.policyViolation,
  message: `more than ${MAX_FRAGMENTS} fragments in one message`,
};

/**
 * The fragments of one message, put together in a buffer that grows with what really arrived. The caller has checked
 * each frame against the message bound. Our own peers never fragment.
 */
export class Fragments {
  #bytes = NO_BYTES;
  #end = HEADROOM_BYTES;
  #count = 0;
  #opcode: OpcodeValue | undefined;

  /** Opcode of the message under way; undefined between messages. */
  get opcode(): OpcodeValue | undefined {
    return this.#opcode;
  }

  /** Payload bytes collected so far. */
  get length(): number {
    return this.#end - HEADROOM_BYTES;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get start(): number {
    return HEADROOM_BYTES;
  }

  get end(): number {
    return this.#end;
  }

  begin(opcode: OpcodeValue): void {
    this.#opcode = opcode;
  }

  /** Copies one fragment's payload. Returns a fault when the message has too many. */
  append(source: Uint8Array, start: number, end: number): WebSocketFault | undefined {
    if (++this.#count > MAX_FRAGMENTS) return TOO_MANY;
    this.#reserve(this.#end + end - start);
    this.#bytes.set(source.subarray(start, end), this.#end);
    this.#end += end - start;
    return undefined;
  }

  /** Forgets the message. Its buffer is left to whoever still reads it. */
  clear(): void {
    this.#bytes = NO_BYTES;
    this.#end = HEADROOM_BYTES;
    this.#count = 0;
    this.#opcode = undefined;
  }

  #reserve(neededBytes: number): void {
    if (neededBytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(neededBytes, 2 * this.#bytes.length, FIRST_BUFFER_BYTES));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}
