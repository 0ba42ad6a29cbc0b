import { Drop, type DropReason } from "../base/drop-reason.ts";
import { CloseCode } from "../wire/close-code.ts";
import { type ControlMessage, formatControlMessage, parseControlMessage } from "../wire/control-message.ts";
import { ETHERNET_HEADER_BYTES } from "../wire/ethernet.ts";
import { Frame } from "../wire/frame.ts";
import type { OffloadSet } from "../wire/offload.ts";
import { printable } from "../wire/printable.ts";
import { sanitizeVnetHeader, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { encodeClose, Opcode, type OpcodeValue } from "../wire/websocket.ts";
import { type Dialect, WebSocketDecoder } from "../wire/websocket-decoder.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { Closed, Connection, ConnectionHandlers } from "./connection.ts";
import type { ConnectionDeps } from "./connection-deps.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { ControlBudget } from "./control-budget.ts";
import { FrameSender } from "./frame-sender.ts";
import { Liveness, type LivenessOptions } from "./liveness.ts";
import { lossReason } from "./loss-reason.ts";
import { PendingPong } from "./pending-pong.ts";

export interface ConnectionOptions {
  readonly role: "server" | "client";
  readonly dialect: Dialect;
  readonly liveness: LivenessOptions;
  readonly limits: ConnectionLimits;
}

/**
 * A WebSocket over a byte stream, carrying frames.
 *
 *     open ──close()────────► closing ──stream over, or closeTimeoutMs──► closed ──► onClosed
 *       ├──close frame came──►   ▲
 *       └──fault in the bytes────┘ (the close code says which)
 */
export class WebSocketConnection implements Connection {
  readonly dialect: Dialect;
  readonly #deps: ConnectionDeps;
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #stream: ByteStream;
  readonly #sender: FrameSender;
  readonly #decoder: WebSocketDecoder;
  readonly #budget: ControlBudget;
  readonly #pong = new PendingPong();
  readonly #liveness: Liveness;
  readonly #frame = new Frame(new Uint8Array(0));
  #state: "open" | "closing" | "closed" = "open";
  #closed: Closed | undefined;
  #cancelCloseTimer: (() => void) | undefined;

  constructor(deps: ConnectionDeps, stream: ByteStream, handlers: ConnectionHandlers, options: ConnectionOptions) {
    const { role, dialect } = options;
    const { maxMessageBytes, maxQueuedBytes } = options.limits;
    this.dialect = dialect;
    this.#deps = deps;
    this.#options = options;
    this.#handlers = handlers;
    this.#stream = stream;
    this.#decoder = new WebSocketDecoder(
      { role, dialect, maxMessageBytes, mask: deps.mask },
      {
        onBinary: (bytes, start, end) => this.#onBinary(bytes, start, end),
        onText: (text) => this.#within(this.#budget.takeMessage()) && this.#onText(text),
        onPing: (payload) => this.#within(this.#budget.takeMessage()) && this.#pong.owe(payload),
        onPong: (payload) => this.#within(this.#budget.takeMessage()) && this.#liveness.pong(payload),
        onClose: (code, reason) => this.#onCloseFrame(code, reason),
      },
    );
    this.#budget = new ControlBudget(deps.clock);
    const onDrop = handlers.onDrop.bind(handlers);
    const onEgressDrop = handlers.onEgressDrop?.bind(handlers) ?? (() => {});
    const onSent = handlers.onSent?.bind(handlers) ?? (() => {});
    const events = { onDrop, onEgressDrop, onSent };
    this.#sender = new FrameSender({ shared: deps, stream, ...events }, { role, dialect, maxQueuedBytes });
    const { clock, ticker } = deps;
    this.#liveness = new Liveness(
      { clock, ticker, stream },
      {
        ping: (payload) => this.#sendMessage(Opcode.ping, payload),
        suspect: (silentMs) => handlers.onSuspect?.(silentMs),
        heard: () => handlers.onHeard?.(),
        dead: (silentMs) => this.#lose(`nothing heard for ${(silentMs / 1_000).toFixed(1)} s`),
        frozen: (stalledMs) => this.#lose(`took nothing for ${(stalledMs / 1_000).toFixed(1)} s`),
      },
      options.liveness,
      options.limits.stalledAfterMs,
    );
  }

  get peerOffloads(): OffloadSet {
    return this.#sender.peerOffloads;
  }

  set peerOffloads(offloads: OffloadSet) {
    this.#sender.peerOffloads = offloads;
  }

  get receivedBytes(): number {
    return this.#stream.bytesRead;
  }

  get sentBytes(): number {
    return this.#stream.bytesWritten;
  }

  get roundTripMs(): number | undefined {
    return this.#liveness.roundTrip.lastMs;
  }

  /** Pings that got no pong, because a later one overtook them. */
  get unansweredPings(): number {
    return this.#pong.overtaken;
  }

  get silentMs(): number {
    return this.#liveness.silentMs;
  }

  get queuedBytes(): number {
    return this.#sender.queuedBytes;
  }

  get congested(): boolean {
    return this.#sender.congested;
  }

  get congestionControl(): string | undefined {
    return this.#stream.control?.congestionControl;
  }

  get ecnMarks(): number {
    return this.#sender.ecnMarks;
  }

  send(frame: Frame): DropReason {
    return this.#state === "open" ? this.#sender.send(frame) : Drop.portClosed;
  }

  flush(): void {
    this.#sender.flush();
  }

  /** Begins to read; handlers may be called before this returns. */
  start(): void {
    this.#liveness.start();
    this.#stream.start({
      consume: (bytes, start, end) => this.#consume(bytes, start, end),
      onDrained: () => this.#onDrained(),
      onClosed: (cause) => this.#onStreamClosed(cause),
    });
  }

  /**
   * Sends frame i, `bytes[spans[2i], spans[2i+1])`, for i below `count`, each with its virtio-net header and HEADROOM
   * writable bytes before it. From a client to a v2 server that takes everything this happens in place, without a copy.
   * Returns true if the bytes are free again; otherwise they are borrowed until `onDrained`.
   */
  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    if (this.#state === "open") return this.#sender.sendBatch(bytes, spans, count);
    for (let i = 0; i < count; i++) {
      this.#handlers.onDrop(Drop.portClosed, (spans[2 * i + 1] as number) - (spans[2 * i] as number));
    }
    return true;
  }

  sendControl(message: ControlMessage): void {
    this.#sendMessage(Opcode.text, Buffer.from(formatControlMessage(message)));
  }

  probe(): void {
    this.#liveness.probe();
  }

  /** Expects nothing of the peer for so long, and does not ping it. */
  excuse(forMs: number): void {
    this.#liveness.excuse(forMs);
  }

  close(code: number, reason: string): void {
    this.#close({ code, reason, by: "us" });
  }

  #consume(bytes: Uint8Array, start: number, end: number): number {
    if (this.#state !== "open") return end;
    this.#liveness.heard();
    const consumed = this.#decoder.decode(bytes, start, end);
    this.#handlers.onBatchEnd();
    this.#flushWithPong();
    const { fault, tinyFragments } = this.#decoder;
    this.#within(this.#budget.takeTinyFragments(tinyFragments));
    if (fault !== undefined) this.#close({ code: fault.closeCode, reason: fault.message, by: "us" });
    return this.#state === "open" ? consumed : end;
  }

  #onBinary(bytes: Uint8Array, start: number, end: number): void {
    if (this.dialect === "v1") {
      this.#handlers.onFrame(this.#frame.set(bytes, start, end, false));
      return;
    }
    const frameStart = start + VNET_HEADER_BYTES;
    const frameBytes = Math.max(0, end - frameStart);
    if (frameBytes < ETHERNET_HEADER_BYTES) this.#handlers.onDrop(Drop.messageTruncated, frameBytes);
    else if (!sanitizeVnetHeader(bytes, start, end)) this.#handlers.onDrop(Drop.vnetHeaderInvalid, frameBytes);
    else this.#handlers.onFrame(this.#frame.set(bytes, frameStart, end, true));
  }

  #onText(text: string): void {
    const result = parseControlMessage(text);
    if (result.state === "message") this.#handlers.onControl(result.message);
    else if (result.state === "fault") {
      this.#close({ code: CloseCode.policyViolation, reason: `control message: ${result.message}`, by: "us" });
    }
  }

  #flushWithPong(): void {
    if (!this.#stream.writing) this.#queuePong();
    this.#sender.flush();
  }

  /** A pong waits for a write under way, so that a peer that does not read has one of them queued, not thousands. */
  #queuePong(): void {
    const payload = this.#pong.take();
    if (payload !== undefined) this.#queueMessage(Opcode.pong, payload);
  }

  /** Ends a connection whose peer has us do too much that carries no frame. */
  #within(budget: boolean): boolean {
    if (!budget) this.#close({ code: CloseCode.policyViolation, reason: "control-flood", by: "us" });
    return budget;
  }

  #onCloseFrame(code: number, reason: string): void {
    this.#close({ code, reason: printable(reason), by: "peer" });
  }

  /** Ends a connection whose peer is dead or frozen: nothing that would be said to it is heard. */
  #lose(reason: string): void {
    this.#closed ??= { code: CloseCode.abnormal, reason, by: "us" };
    this.#stream.destroy();
  }

  #sendMessage(opcode: OpcodeValue, payload: Uint8Array): void {
    if (this.#queueMessage(opcode, payload)) this.#sender.flush();
  }

  /** A control frame or text. Where the egress queue has no room it is lost: the peer is not reading anyway. */
  #queueMessage(opcode: OpcodeValue, payload: Uint8Array): boolean {
    return this.#state === "open" && this.#sender.queueMessage(opcode, payload);
  }

  #onDrained(): void {
    this.#queuePong();
    this.#sender.drained();
    if (this.#state === "open") {
      if (!this.#sender.congested) this.#handlers.onDrained();
    } else if (!this.#stream.writing) this.#stream.end();
  }

  /** To closing: says goodbye behind what is packed, then ends the stream. */
  #close(closed: Closed): void {
    if (this.#state !== "open") return;
    this.#sendMessage(Opcode.close, encodeClose(closed.code, closed.reason));
    this.#sender.finish();
    this.#state = "closing";
    this.#closed = closed;
    this.#decoder.stop();
    this.#cancelCloseTimer = this.#deps.clock.after(this.#options.limits.closeTimeoutMs, () => this.#stream.destroy());
    if (!this.#stream.writing) this.#stream.end();
  }

  #onStreamClosed(cause: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelCloseTimer?.();
    this.#liveness.close();
    this.#sender.close();
    this.#handlers.onClosed(this.#closed ?? { code: CloseCode.abnormal, reason: lossReason(cause), by: "peer" });
  }
}
