import type { Clock } from "../base/clock.ts";
import { Drop, type DropCounters, type DropReason } from "../base/drop-reason.ts";
import type { Device, FrameBatch } from "../device/device.ts";
import { ConnectionSet } from "../transport/connection-set.ts";
import { CHUNK_BYTES, FrameStore } from "../transport/frame-store.ts";
import { HoldQueue, MAX_HELD_BYTES } from "../transport/hold-queue.ts";
import { Frame } from "../wire/frame.ts";

/** What frames go out by. */
export interface OutboundConnection {
  readonly number: number;
  /** Whether bytes wait for the socket. */
  readonly congested: boolean;
  send(frame: Frame): DropReason;
  flush(): void;
  /** See `WebSocketConnection.sendBatch`. */
  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean;
}

/** A queue takes no more than an eighth of what nobody holds; memory is made when it is needed. */
const STORE_BYTES = 16 * MAX_HELD_BYTES;

/** What is older when a connection is back is stale: of each flow that waits, TCP has sent something newer. */
const MAX_HELD_MS = 30_000;

export interface OutboundDeps {
  readonly clock: Clock;
  readonly device: Pick<Device, "pause" | "resume">;
  readonly drops: DropCounters;
}

/**
 * Frames from the TAP to the connections of the session:
 *
 *     batch ─┬─ one connection ──► masked in place ─► socket
 *            ├─ several ──► by flow ──► copied to that one's queue ─► socket
 *            └─ none, or none that is sure to live ──► copied, held ──► sent first when there is one
 *
 * With one connection the TAP is paused while bytes wait for the socket, so that the kernel's queue fills and slows
 * whoever sends. With several it is paused only while they wait for all: one that stalls stalls its own flows.
 */
export class Outbound {
  readonly #clock: Clock;
  readonly #device: Pick<Device, "pause" | "resume">;
  readonly #drops: DropCounters;
  readonly #set = new ConnectionSet<OutboundConnection>();
  readonly #store = new FrameStore({ maxChunks: STORE_BYTES / CHUNK_BYTES });
  readonly #frame = new Frame(new Uint8Array(0));
  #hold: HoldQueue | undefined;
  #isCertain = false;
  #isReleasing = false;
  #isPaused = false;
  #borrower: OutboundConnection | undefined;

  constructor(deps: OutboundDeps) {
    this.#clock = deps.clock;
    this.#device = deps.device;
    this.#drops = deps.drops;
  }

  /** The connection that the device's batch is lent to, until it has `drained` or is `gone`. */
  get borrower(): OutboundConnection | undefined {
    return this.#borrower;
  }

  /** Frames that wait for a connection. */
  get heldFrames(): number {
    return this.#hold?.frames ?? 0;
  }

  /** Frames go by these from now on. `areCertain`: false if each of them may be dead; then frames are held as well. */
  use(connections: readonly OutboundConnection[], areCertain: boolean): void {
    for (const old of this.#set.open) if (!connections.includes(old)) this.#set.remove(old);
    for (const one of connections) if (!this.#set.open.includes(one)) this.#set.put(one.number, one);
    this.#isCertain = areCertain && connections.length > 0;
    if (this.#isPaused && this.#borrower === undefined) this.#resume();
  }

  /** Sends what was held: the connections are other ones than those that it was sent by, so what they do not take is lost. */
  release(): void {
    this.#isReleasing = true;
    this.#hold?.drainTo((frame) => this.#set.send(frame), this.#clock.nowMs());
    this.#isReleasing = false;
    this.#hold = undefined;
    this.#set.flush();
  }

  /** Drops what was held: it has arrived by the connection that was in doubt. */
  forget(): void {
    this.#hold?.clear();
    this.#hold = undefined;
  }

  /** Sends the frames of a batch; to be called from the device's `onBatch`. */
  send(batch: FrameBatch): void {
    if (!this.#isCertain) this.#holdAll(batch);
    const [only] = this.#set.open;
    if (only === undefined) return;
    if (this.#set.size === 1) this.#sendBatch(only, batch);
    else this.#spread(batch);
  }

  /** Nothing waits for this connection's socket any more. */
  drained(connection: OutboundConnection): void {
    if (this.#borrower !== undefined && this.#borrower !== connection) return;
    this.#borrower = undefined;
    if (this.#isPaused) this.#resume();
  }

  /** This connection is closed: what was lent to it is free. */
  gone(connection: OutboundConnection): void {
    if (this.#borrower === connection) this.drained(connection);
  }

  #sendBatch(only: OutboundConnection, { bytes, spans, count }: FrameBatch): void {
    const isFree = only.sendBatch(bytes, spans, count);
    if (!isFree) this.#borrower = only;
    if (!isFree || only.congested) this.#pause();
  }

  #spread({ bytes, spans, count }: FrameBatch): void {
    const frame = this.#frame;
    for (let i = 0; i < count; i++) {
      frame.set(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, true);
      const drop = this.#set.send(frame);
      if (drop !== Drop.none) this.#drops.add(drop);
    }
    this.#set.flush();
    if (this.#areAllCongested()) this.#pause();
  }

  #areAllCongested(): boolean {
    const { open } = this.#set;
    for (let i = 0; i < open.length; i++) if (!(open[i] as OutboundConnection).congested) return false;
    return true;
  }

  #holdAll({ bytes, spans, count }: FrameBatch): void {
    const onLost = (reason: DropReason): void => this.#lost(reason);
    this.#hold ??= new HoldQueue({ store: this.#store, onLost }, { maxHeldMs: MAX_HELD_MS });
    const nowMs = this.#clock.nowMs();
    for (let i = 0; i < count; i++) {
      const frame = this.#frame.set(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, true);
      const drop = this.#hold.take(frame, nowMs);
      if (drop !== Drop.none) this.#lost(drop);
    }
  }

  /** A frame cannot be held. While there is a connection, which may be alive, it was sent by that. */
  #lost(reason: DropReason): void {
    if (this.#set.size === 0 || this.#isReleasing) this.#drops.add(reason);
  }

  #pause(): void {
    this.#isPaused = true;
    this.#device.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#device.resume();
  }
}
