import { waitFor } from "../lab/wait.ts";
import { type MemoryDevice, type MemoryPairOptions, memoryPair } from "../src/device/memory-pair.ts";
import { Frame } from "../src/wire/frame.ts";
import type { Mac } from "../src/wire/mac.ts";
import { VNET_HEADER_BYTES } from "../src/wire/vnet-header.ts";
import { Recorder } from "./contract/test-frames.ts";

/** What stands behind a TAP: sends frames into `device`'s network and keeps what comes out of it. */
export class Host {
  readonly mac: Mac;
  /** The VPN's side, in place of a TAP. */
  readonly device: MemoryDevice;
  readonly recorder: Recorder;
  readonly #kernel: MemoryDevice;

  constructor(name: string, mac: string, options: Partial<MemoryPairOptions> = {}) {
    this.mac = mac as Mac;
    const [device, kernel] = memoryPair({ names: [name, `${name}-kernel`], macs: [this.mac, this.mac], ...options });
    this.device = device;
    this.#kernel = kernel;
    this.recorder = new Recorder(kernel);
  }

  /** An Ethernet frame from this host. */
  frameTo(destination: string, payload: string | Buffer = "payload"): Buffer {
    return ethernetFrame(destination, this.mac, payload);
  }

  send(...frames: readonly Buffer[]): this {
    for (const bytes of frames) this.#kernel.write(new Frame(bytes).set(bytes, 0, bytes.length, false));
    this.#kernel.flush();
    return this;
  }

  /** Sends bytes that begin with a virtio-net header. */
  sendSuper(bytes: Buffer): this {
    this.#kernel.write(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true));
    this.#kernel.flush();
    return this;
  }

  get frames(): Buffer[] {
    return this.recorder.frames.map(({ bytes }) => bytes);
  }

  /** Frames that found no room behind the device. */
  get refused(): number {
    return this.#kernel.refused;
  }

  async until(frame: Buffer): Promise<void> {
    await waitFor(`a frame at ${this.device.name}`, () => this.frames.some((one) => one.equals(frame)), { pollMs: 2 });
  }
}

/** Destination, source, EtherType for local experiments, payload. */
export function ethernetFrame(destination: string, source: string, payload: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${destination}${source}88b5`.replaceAll(":", ""), "hex"), Buffer.from(payload)]);
}

/** A super-frame or frame with other addresses; the virtio-net header is in front. */
export function addressed(bytes: Buffer, destination: string, source: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(`${destination}${source}`.replaceAll(":", ""), VNET_HEADER_BYTES, "hex");
  return copy;
}
