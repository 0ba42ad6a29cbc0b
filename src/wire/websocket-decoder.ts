/**
 * WebSocket frames, the receiving side (RFC 6455, 5): whole frames out of a byte stream, unmasked where they lie.
 *
 *     bytes   ┌ frame ┬ frame ┬ fra          ──decode()──►  consumed up to here ▼
 *             └───────┴───────┴────                         ┌───────┬───────┬────
 *                                                           │ event │ event │ fra   neededBytes = the third's size
 *
 * The stream's owner keeps what is left and presents it again with more behind it. A frame is touched only when all
 * of it is there, so the events are the same however the stream was cut.
 *
 * Dialect v1 knows the C program's habits: its client pings without a mask (`89 00`), and it takes text for data.
 */
import { CloseCode } from "./close-code.ts";
import { Fragments } from "./fragments.ts";
import type { MaskBytes } from "./mask.ts";
import { decodeUtf8 } from "./utf8.ts";
import { MAX_CONTROL_PAYLOAD_BYTES, Opcode, type OpcodeValue, parseClose, type WebSocketFault } from "./websocket.ts";

/** What the messages carry: v1 bare Ethernet frames as the C program does, v2 the subprotocol `vpn-ws.v2`. */
export type Dialect = "v1" | "v2";

export interface WebSocketDecoderOptions {
  /** Ours: a server takes masked frames only, a client unmasked ones only. */
  readonly role: "server" | "client";
  /** Bound of a message's payload, over all its fragments. */
  readonly maxMessageBytes: number;
  readonly mask: MaskBytes;
  readonly dialect: Dialect;
}

/** All bytes are borrowed until the call returns. */
export interface WebSocketEvents {
  /** The payload is `bytes[start, end)`. The message's own header, right before `start`, may be overwritten. */
  onBinary(bytes: Uint8Array, start: number, end: number): void;
  onText(text: string): void;
  onPing(payload: Uint8Array): void;
  onPong(payload: Uint8Array): void;
  /** The last event. `CloseCode.noStatus` if the peer gave no code. */
  onClose(code: number, reason: string): void;
}

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const CONTROL = 0x08;
const MASK = 0x80;
const LENGTH = 0x7f;

/** Nobody cuts a message into pieces this small but to make work; a proxy's pieces are as large as its buffers. */
const TINY_FRAGMENT_BYTES = 128;

export class WebSocketDecoder {
  readonly #options: WebSocketDecoderOptions;
  readonly #events: WebSocketEvents;
  readonly #fragments = new Fragments();
  #fault: WebSocketFault | undefined;
  #closed = false;
  #neededBytes = 0;
  #tinyFragments = 0;
  /** Of the frame at the head, valid while `#readHeader` has just returned true. */
  #headerBytes = 0;
  #payloadBytes = 0;

  constructor(options: WebSocketDecoderOptions, events: WebSocketEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Set once the peer broke the protocol; the decoder consumes nothing from then on. */
  get fault(): WebSocketFault | undefined {
    return this.#fault;
  }

  /** Bytes that the incomplete frame at the returned offset needs in all; 0 if its length has not arrived yet. */
  get neededBytes(): number {
    return this.#neededBytes;
  }

  /** Fragments so far that were no message's last and had less than 128 bytes. */
  get tinyFragments(): number {
    return this.#tinyFragments;
  }

  /** Consumes nothing more: the connection closes for a reason of its own. May be called from within an event. */
  stop(): void {
    this.#closed = true;
  }

  /** Consumes the whole frames in `bytes[start, end)` and returns the offset behind the last one. */
  decode(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    this.#neededBytes = 0;
    while (!this.#closed && this.#readHeader(bytes, at, end)) {
      const payloadStart = at + this.#headerBytes;
      const frameEnd = payloadStart + this.#payloadBytes;
      if (frameEnd > end) {
        this.#neededBytes = frameEnd - at;
        break;
      }
      if (((bytes[at + 1] as number) & MASK) !== 0) {
        this.#options.mask(bytes, payloadStart, frameEnd, readInt32(bytes, payloadStart - 4));
      }
      this.#takeFrame(bytes[at] as number, bytes, payloadStart, frameEnd);
      at = frameEnd;
    }
    return at;
  }

  /** Reads and checks the header as far as its length; false if it is not all there, or at fault. */
  #readHeader(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < 2) return false;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const lengthCode = second & LENGTH;
    if (!this.#checkFirst(first, second) || !this.#checkMask(first, second)) return false;
    const lengthEnd = at + (lengthCode < 126 ? 2 : lengthCode === 126 ? 4 : 10);
    if (end < lengthEnd) return false;
    this.#headerBytes = lengthEnd - at + ((second & MASK) === 0 ? 0 : 4);
    this.#payloadBytes = lengthCode < 126 ? lengthCode : this.#readLongLength(bytes, at + 2, lengthCode);
    return this.#fault === undefined && this.#checkSize(first);
  }

  /** Reserved bits, opcode, and what a control frame must be (RFC 6455, 5.2, 5.4 and 5.5). */
  #checkFirst(first: number, second: number): boolean {
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) return this.#breach("reserved bits are set");
    if (opcode > Opcode.pong || (opcode > Opcode.binary && opcode < Opcode.close)) {
      return this.#breach(`opcode ${opcode} is reserved`);
    }
    if (opcode >= CONTROL) {
      if ((first & FIN) === 0) return this.#breach("control frame is fragmented");
      if ((second & LENGTH) > MAX_CONTROL_PAYLOAD_BYTES) return this.#breach("control frame is over 125 bytes");
      return true;
    }
    if (opcode === Opcode.continuation && this.#fragments.opcode === undefined) {
      return this.#breach("continuation without a message to continue");
    }
    if (opcode !== Opcode.continuation && this.#fragments.opcode !== undefined) {
      return this.#breach("new message inside a fragmented one");
    }
    return true;
  }

  /** RFC 6455, 5.1: clients mask, servers do not. */
  #checkMask(first: number, second: number): boolean {
    const masked = (second & MASK) !== 0;
    if (masked === (this.#options.role === "server")) return true;
    if (masked) return this.#breach("masked frame from a server");
    const isBarePing = first === (FIN | Opcode.ping) && second === 0;
    return (isBarePing && this.#options.dialect === "v1") || this.#breach("unmasked frame from a client");
  }

  /** The 16 or 64-bit length at `at`, which must be the shortest form and have its top bit clear. */
  #readLongLength(bytes: Uint8Array, at: number, lengthCode: number): number {
    if (lengthCode === 126) {
      const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      if (length < 126) this.#breach("length is not in its shortest form");
      return length;
    }
    const hi = readInt32(bytes, at);
    const length = (hi >>> 0) * 0x1_0000_0000 + (readInt32(bytes, at + 4) >>> 0);
    if (hi < 0) this.#breach("length has its top bit set");
    else if (length < 0x1_0000) this.#breach("length is not in its shortest form");
    return length;
  }

  /** The bound holds as soon as the length is known: nobody need make room for what will be refused. */
  #checkSize(first: number): boolean {
    if ((first & CONTROL) !== 0) return true;
    const messageBytes = this.#fragments.length + this.#payloadBytes;
    if (messageBytes <= this.#options.maxMessageBytes) return true;
    return this.#fail({
      closeCode: CloseCode.messageTooBig,
      message: `message of ${messageBytes} bytes or more, the limit is ${this.#options.maxMessageBytes}`,
    });
  }

  #takeFrame(first: number, bytes: Uint8Array, start: number, end: number): void {
    const opcode = (first & OPCODE) as OpcodeValue;
    if (opcode >= CONTROL) this.#takeControl(opcode, bytes.subarray(start, end));
    else if (first === (FIN | opcode) && opcode !== Opcode.continuation) this.#takeMessage(opcode, bytes, start, end);
    else this.#takeFragment(opcode, (first & FIN) !== 0, bytes, start, end);
  }

  #takeMessage(opcode: OpcodeValue, bytes: Uint8Array, start: number, end: number): void {
    if (opcode === Opcode.binary || this.#options.dialect === "v1") {
      this.#events.onBinary(bytes, start, end);
      return;
    }
    const text = decodeUtf8(bytes, start, end);
    if (text === undefined) this.#fail({ closeCode: CloseCode.invalidPayload, message: "text is not UTF-8" });
    else this.#events.onText(text);
  }

  #takeFragment(opcode: OpcodeValue, isLast: boolean, bytes: Uint8Array, start: number, end: number): void {
    const fragments = this.#fragments;
    if (!isLast && end - start < TINY_FRAGMENT_BYTES) this.#tinyFragments++;
    if (opcode !== Opcode.continuation) fragments.begin(opcode);
    const fault = fragments.append(bytes, start, end);
    if (fault !== undefined) this.#fail(fault);
    else if (isLast) {
      this.#takeMessage(fragments.opcode ?? opcode, fragments.bytes, fragments.start, fragments.end);
      fragments.clear();
    }
  }

  #takeControl(opcode: OpcodeValue, payload: Uint8Array): void {
    if (opcode === Opcode.ping) this.#events.onPing(payload);
    else if (opcode === Opcode.pong) this.#events.onPong(payload);
    else this.#takeClose(payload);
  }

  #takeClose(payload: Uint8Array): void {
    const close = parseClose(payload);
    if (close.state === "fault") {
      this.#fail(close.fault);
      return;
    }
    this.#closed = true;
    this.#events.onClose(close.code, close.reason);
  }

  #breach(message: string): false {
    return this.#fail({ closeCode: CloseCode.protocolError, message });
  }

  #fail(fault: WebSocketFault): false {
    this.#fault = fault;
    this.#closed = true;
    this.#fragments.clear();
    return false;
  }
}

/** Big-endian. */
function readInt32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
