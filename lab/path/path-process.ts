/**
 * The process of an emulated path: carries frames between two TAPs, each through a `Direction`. Its parent tells it what
 * to do (path-message.ts); it ends with its parent.
 *
 * Node's timers have a grain of 1 ms, so a frame goes up to half of that early and half late, and on time on average.
 */
import type { Device, FrameBatch } from "../../src/device/device.ts";
import { openTap, TAP_DEFAULTS } from "../../src/device/tap.ts";
import { Frame } from "../../src/wire/frame.ts";
import { Offload } from "../../src/wire/offload.ts";
import { Direction } from "./direction.ts";
import { changeDirection, type PathSettings } from "./direction-settings.ts";
import type { PathOpening, PathOrder, PathReply, PathRequest } from "./path-message.ts";

/** Half the grain of the timers. */
const EARLY_MS = 0.5;

/** Of the running mean of the timers' lateness; a single stall of the machine says nothing about the next timer. */
const LATENESS_SAMPLES = 16;
const MAX_LATENESS_MS = 1;

/** A second of small frames at 10 Mbit/s, or of full ones at 200 Mbit/s: 25 MiB of memory, touched only when used. */
const FRAMES_UNDER_WAY = 16_384;

/** A frame is longer than the MTU by its header and a VLAN tag. */
const FRAME_EXTRA_BYTES = 14 + 4;

/** One direction with the device that it leads to. */
class Lane {
  readonly direction: Direction;
  readonly #to: Device;
  readonly #frame = new Frame(new Uint8Array(0));
  #timer: NodeJS.Timeout | undefined;
  /** When the frame is due that the timer is set for, and when the timer should fire. */
  #timerMs = Number.POSITIVE_INFINITY;
  #firesMs = 0;
  /** Timers fire late, by some tenths of a millisecond in a virtual machine: the mean of the last ones. */
  #latenessMs = 0;

  constructor(direction: Direction, to: Device) {
    this.direction = direction;
    this.#to = to;
  }

  readonly #write = (bytes: Uint8Array, start: number, end: number): void => {
    this.#to.write(this.#frame.set(bytes, start, end, false));
  };

  readonly #onTimer = (): void => {
    const nowMs = performance.now();
    this.#timerMs = Number.POSITIVE_INFINITY;
    const latenessMs = Math.min(Math.max(0, nowMs - this.#firesMs), MAX_LATENESS_MS);
    this.#latenessMs += (latenessMs - this.#latenessMs) / LATENESS_SAMPLES;
    this.run(nowMs);
  };

  carry({ bytes, count, spans }: FrameBatch): void {
    const nowMs = performance.now();
    for (let i = 0; i < count; i++)
      this.direction.enqueue(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, nowMs);
    this.run(nowMs);
  }

  /** Sends what is due and sets the timer for what comes next. */
  run(nowMs: number): void {
    this.direction.deliver(nowMs, this.#write, EARLY_MS);
    this.#to.flush();
    const nextMs = this.direction.nextMs();
    if (nextMs >= this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = nextMs;
    const lengthMs = Math.max(1, Math.round(nextMs - nowMs - this.#latenessMs));
    this.#firesMs = nowMs + lengthMs;
    this.#timer = setTimeout(this.#onTimer, lengthMs);
  }
}

class PathProcess {
  readonly #up: Lane;
  readonly #down: Lane;

  constructor({ devices, mtu, seed, settings }: PathOpening) {
    const [first, second] = devices.map((name) => openEnd(name, mtu)) as [Device, Device];
    const startMs = performance.now();
    const options = { frames: FRAMES_UNDER_WAY, frameBytes: mtu + FRAME_EXTRA_BYTES, startMs };
    this.#up = new Lane(new Direction({ ...options, seed }), second);
    this.#down = new Lane(new Direction({ ...options, seed: seed + 1 }), first);
    this.#set(settings);
    first.start({ onBatch: (batch) => this.#up.carry(batch), onError: endWith });
    second.start({ onBatch: (batch) => this.#down.carry(batch), onError: endWith });
  }

  obey(order: PathOrder): Omit<PathReply, "id"> {
    if (order.kind === "set") this.#set(order.settings);
    else if (order.kind === "cut") this.#cut(order.lengthMs);
    else if (order.kind === "counters")
      return { counters: { up: this.#up.direction.counters, down: this.#down.direction.counters } };
    return {};
  }

  #set(settings: PathSettings): void {
    const nowMs = performance.now();
    const up = changeDirection(this.#up.direction.settings, settings, "up");
    const down = changeDirection(this.#down.direction.settings, settings, "down");
    this.#up.direction.set(up, nowMs);
    this.#down.direction.set(down, nowMs);
    this.#run(nowMs);
  }

  #cut(lengthMs: number): void {
    const nowMs = performance.now();
    this.#up.direction.cut(lengthMs, nowMs);
    this.#down.direction.cut(lengthMs, nowMs);
    this.#run(nowMs);
  }

  #run(nowMs: number): void {
    this.#up.run(nowMs);
    this.#down.run(nowMs);
  }
}

/** A TAP without any offload, so that what it reads are frames as they would be on a wire. */
function openEnd(name: string, mtu: number): Device {
  return openTap({ ...TAP_DEFAULTS, name, mtu, up: false, offloads: Offload.none, vnetHeader: false });
}

function endWith(error: Error): void {
  console.error(error.message);
  process.exit(1);
}

let running: PathProcess | undefined;

function handle(order: PathOrder): Omit<PathReply, "id"> {
  if (order.kind === "open") {
    running = new PathProcess(order.opening);
    return {};
  }
  if (running === undefined) throw new Error("the path is not open yet");
  return running.obey(order);
}

process.on("message", ({ id, order }: PathRequest) => {
  let reply: Omit<PathReply, "id">;
  try {
    reply = handle(order);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.({ id, ...reply } satisfies PathReply);
});
process.once("disconnect", () => process.exit(0));
