/**
 * A Linux TAP device. The kernel hands over frames with a virtio-net header each, TCP and UDP unsegmented and without
 * checksums as far as `offloads` says, and takes them back in the same form.
 * For one TCP flow this alone made a tunnel four times as fast.
 *
 *     kernel ──► native reader ──► onBatch(FrameBatch)
 *     write(frame) … flush() ──► ordinary frames of one flow joined ──► native writer ──► kernel
 */
import { Coalescer } from "../wire/coalesce.ts";
import type { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";
import { OFFLOAD_ALL, Offload, type OffloadSet } from "../wire/offload.ts";
import { type Addon, loadAddon, type NativeTap } from "./addon.ts";
import { type Device, type DeviceHandlers, HEADROOM } from "./device.ts";
import { lastingMac } from "./lasting-mac.ts";
import { configureLink, setLinkMtu } from "./link.ts";
import { negotiateOffloads } from "./offload-negotiation.ts";
import { explainFault, tapOpenError, tapReadError } from "./tap-error.ts";
import { checkTapOptions, type TapOptions } from "./tap-options.ts";
import { WriteBatch } from "./write-batch.ts";

export const TAP_DEFAULTS: TapOptions = Object.freeze({
  name: "vpn%d",
  addresses: [],
  up: true,
  offloads: OFFLOAD_ALL,
  vnetHeader: true,
});

/**
 * Room for one batch: seven super-frames, or 340 ordinary frames. Between 128 KiB and 1 MiB, TAP to TAP, the difference
 * in throughput and CPU time was below the noise; fewer calls into JavaScript speak for the larger half.
 */
const READ_BATCH_BYTES = 512 * 1024;
const READ_BATCH_FRAMES = 512;

/**
 * Makes the TAP, or attaches to a persistent one that nobody uses, and sets its link up.
 * Throws ConfigError for options that cannot be, DeviceError for what the kernel refuses; then nothing is left behind.
 */
export function openTap(options: TapOptions): Device {
  checkTapOptions(options);
  const addon = loadAddon();
  const isThere = addon.linkIndex(options.name) !== 0;
  const native = explainFault(
    () => new addon.Tap(options.name, options.vnetHeader),
    (fault) => tapOpenError(options.name, fault),
  );
  try {
    const wanted = native.vnetHeader ? options.offloads : Offload.none;
    const offloads = negotiateOffloads((set) => native.setOffload(set), wanted);
    const { mac, mtu } = configureLink(addon, native.name, { ...options, mac: macFor(options, native.name, isThere) });
    return new TapDevice(addon, native, mac as Mac, mtu, offloads);
  } catch (error) {
    native.close();
    throw error;
  }
}

function macFor({ mac }: TapOptions, name: string, isThere: boolean): Mac | undefined {
  if (mac !== "lasting") return mac;
  return isThere ? undefined : lastingMac(name);
}

class TapDevice implements Device {
  readonly name: string;
  readonly mac: Mac;
  mtu: number;
  readonly offloads: OffloadSet;
  readonly #addon: Addon;
  readonly #native: NativeTap;
  readonly #batch: WriteBatch;
  readonly #coalescer: Coalescer;

  constructor(addon: Addon, native: NativeTap, mac: Mac, mtu: number, offloads: OffloadSet) {
    this.#addon = addon;
    this.#native = native;
    this.#batch = new WriteBatch((bytes, entries, count) => native.write(bytes, entries, count));
    this.#coalescer = new Coalescer(this.#batch, offloads);
    this.name = native.name;
    this.mac = mac;
    this.mtu = mtu;
    this.offloads = offloads;
  }

  setMtu(bytes: number): void {
    setLinkMtu(this.#addon, this.name, bytes);
    this.mtu = bytes;
  }

  get refused(): number {
    return this.#batch.refused;
  }

  get refusedBytes(): number {
    return this.#batch.refusedBytes;
  }

  start(handlers: DeviceHandlers): void {
    const spans = new Uint32Array(2 * READ_BATCH_FRAMES);
    const batch = { bytes: new Uint8Array(READ_BATCH_BYTES), count: 0, spans };
    this.#native.start(batch.bytes, spans, HEADROOM, (count, errno) => {
      batch.count = count;
      if (count > 0) handlers.onBatch(batch);
      if (errno !== 0) this.#end(handlers, errno);
    });
  }

  #end(handlers: DeviceHandlers, errno: number): void {
    this.close();
    handlers.onError(tapReadError(this.name, errno));
  }

  pause(): void {
    this.#native.pause();
  }

  resume(): void {
    this.#native.resume();
  }

  write(frame: Frame): void {
    this.#coalescer.push(frame);
  }

  flush(): number {
    this.#coalescer.flush();
    return this.#batch.flush();
  }

  close(): void {
    this.#native.close();
  }
}
