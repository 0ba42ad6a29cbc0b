import { Drop, type DropReason } from "../base/drop-reason.ts";
import { VpnError } from "../base/errors.ts";
import type { Device, FrameBatch } from "../device/device.ts";
import type { Egress, Port } from "../switch/port.ts";
import type { Switch } from "../switch/switch.ts";
import { Frame } from "../wire/frame.ts";
import type { Segmenter } from "../wire/segment.ts";
import { requiredOffloads } from "../wire/vnet-header.ts";

/**
 * The server's own TAP as a port of the switch.
 *
 *     TAP ─ batch ─► forward each ─► flush once              switch ─ deliver each ─► TAP batch ─ flush ─► kernel
 */
export class Uplink implements Egress {
  readonly port: Port;
  readonly #device: Device;
  readonly #switch: Switch;
  readonly #segmenter: Segmenter;
  readonly #frame = new Frame(new Uint8Array(0));
  readonly #segment = new Frame(new Uint8Array(0));
  #segmentsRefused = 0;
  #segmentBytes = 0;
  /** Of the device, as of the last look. */
  #refusedBytes = 0;

  constructor(
    deps: { readonly device: Device; readonly switch: Switch; readonly segmenter: Segmenter },
    options: { readonly bridge: boolean },
  ) {
    this.#device = deps.device;
    this.#switch = deps.switch;
    this.#segmenter = deps.segmenter;
    const { name, mac } = deps.device;
    const port = deps.switch.attach({ name, mac, bridge: options.bridge, isUplink: true, egress: this });
    if (port === undefined) throw new VpnError("stop", "SWITCH_FULL", "the switch has no port left for the TAP.");
    port.limitMtu(deps.device.mtu);
    this.port = port;
  }

  start(onError: (error: Error) => void): void {
    this.#device.start({ onBatch: (batch) => this.#onBatch(batch), onError });
  }

  deliver(frame: Frame): DropReason {
    if ((requiredOffloads(frame) & ~this.#device.offloads) !== 0) return this.#deliverSegments(frame);
    this.#device.write(frame);
    return Drop.none;
  }

  flush(): void {
    const refused = this.#device.flush();
    if (refused > 0) this.#countRefused(refused);
  }

  #onBatch(batch: FrameBatch): void {
    const { bytes, spans, count } = batch;
    for (let i = 0; i < count; i++) {
      this.#switch.forward(this.port, this.#frame.set(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, true));
    }
    this.#switch.flush();
  }

  /**
   * For a kernel without offload. Each segment lies in the same scratch memory, so it is written at once; what waits
   * before it goes first, so that a refusal is charged to the right frame. A frame that lost a segment is lost.
   */
  #deliverSegments(frame: Frame): DropReason {
    this.flush();
    this.#segmentsRefused = 0;
    this.#segmentBytes = 0;
    const drop = this.#segmenter.segment(frame, this.#device.mtu + 18, this.#onSegment);
    if (drop !== Drop.none) return drop;
    this.#refusedBytes = this.#device.refusedBytes;
    if (this.#segmentsRefused > 0) return Drop.deviceRefused;
    // The port counts the frame as it was.
    this.port.sentBytes += this.#segmentBytes - frame.length;
    return Drop.none;
  }

  readonly #onSegment = (bytes: Uint8Array, start: number, end: number): void => {
    this.#device.write(this.#segment.set(bytes, start, end, false));
    this.#segmentsRefused += this.#device.flush();
    this.#segmentBytes += end - start;
  };

  /** The switch counted these as sent when it delivered them, in this turn of the event loop: nobody has seen that. */
  #countRefused(frames: number): void {
    const { refusedBytes } = this.#device;
    this.port.sentFrames -= frames;
    this.port.sentBytes -= refusedBytes - this.#refusedBytes;
    this.#refusedBytes = refusedBytes;
    this.port.egressDrops.add(Drop.deviceRefused, frames);
  }
}
