/**
 * A TAP as the original opens it: no virtio-net header, no offload. The kernel segments and sums what it sends there,
 * and checks in software every sum of what comes from there.
 */
import type { Device, FrameBatch } from "../../../src/device/device.ts";
import { openTap, TAP_DEFAULTS } from "../../../src/device/tap.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { Offload } from "../../../src/wire/offload.ts";

export class PlainTap {
  readonly mac: string;
  readonly #device: Device;
  readonly #frame = new Frame(new Uint8Array(0));

  constructor(name: string) {
    this.#device = openTap({ ...TAP_DEFAULTS, name, vnetHeader: false, offloads: Offload.none });
    this.mac = this.#device.mac;
  }

  /** Hands over every frame, cut to `readBytes` as a read(2) into a buffer of that size does. */
  start(readBytes: number, onFrame: (frame: Buffer) => void): void {
    const onBatch = ({ bytes, spans, count }: FrameBatch): void => {
      for (let i = 0; i < count; i++) {
        const start = spans[2 * i] as number;
        const length = Math.min(readBytes, (spans[2 * i + 1] as number) - start);
        onFrame(Buffer.from(bytes.buffer, bytes.byteOffset + start, length));
      }
    };
    this.#device.start({
      onBatch,
      onError: (error) => {
        throw error;
      },
    });
  }

  write(frame: Buffer): void {
    if (frame.length < 14) return;
    this.#device.write(this.#frame.set(frame, 0, frame.length, false));
    this.#device.flush();
  }

  pause(): void {
    this.#device.pause();
  }

  resume(): void {
    this.#device.resume();
  }
}
