/**
 * A Linux TAP device. The kernel hands over frames with a virtio-net header each, TCP and UDP unsegmented and without
 * checksums as far as `offloads` says, and takes them back in the same form (FINDINGS: the step that gave most).
 *
 *     kernel ──► native reader ──► onBatch(FrameBatch)      write(frame) … flush() ──► native writer ──► kernel
 */
import { constants } from "node:os";
import type { Frame } from "../wire/frame.ts";
import { type Mac, macParts } from "../wire/mac.ts";
import { OFFLOAD_ALL, Offload, type OffloadSet } from "../wire/offload.ts";
import { type Addon, isSystemFault, loadAddon, type NativeTap } from "./addon.ts";
import type { Cidr } from "./cidr.ts";
import { type Device, type DeviceHandlers, HEADROOM } from "./device.ts";
import { addressError, linkError, tapOpenError, tapReadError } from "./tap-error.ts";
import { checkTapOptions, type TapOptions } from "./tap-options.ts";
import { WriteBatch } from "./write-batch.ts";

export const TAP_DEFAULTS: TapOptions = Object.freeze({
  name: "vpn%d",
  addresses: [],
  up: true,
  offloads: OFFLOAD_ALL,
  vnetHeader: true,
});

/** Room for the frames of one batch: seven super-frames, or READ_BATCH_FRAMES ordinary ones with a third to spare. */
const READ_BATCH_BYTES = 512 * 1024;
const READ_BATCH_FRAMES = 512;

/**
 * Super-frames stay below this, so that a message of virtio-net header (10), frame and VLAN tag (4) has at most 65535
 * bytes: its WebSocket length then takes two bytes, and the C original would still take it. The kernel's comparison is
 * `skb->len >= gso_max_size` (net/core/dev.c, gso_features_check).
 */
const GSO_MAX_BYTES = 65_535 - 10 - 4 + 1;

const { EEXIST, EOPNOTSUPP } = constants.errno;

/**
 * Makes the TAP, or attaches to a persistent one that nobody uses, and sets its link up.
 * Throws ConfigError for options that cannot be, DeviceError for what the kernel refuses; then nothing is left behind.
 */
export function openTap(options: TapOptions): Device {
  checkTapOptions(options);
  const addon = loadAddon();
  const native = attempt(
    () => new addon.Tap(options.name, options.vnetHeader),
    (fault) => tapOpenError(options.name, fault),
  );
  try {
    const offloads = native.vnetHeader ? negotiateOffloads(native, options.offloads) : Offload.none;
    configureLink(addon, native.name, options);
    const { mac, mtu } = addon.readLink(native.name);
    return new TapDevice(native, mac as Mac, mtu, offloads);
  } catch (error) {
    native.close();
    throw error;
  }
}

/** Runs `call`; a kernel's refusal becomes the error that `explain` makes of it. */
function attempt<T>(call: () => T, explain: (fault: Parameters<typeof tapOpenError>[1]) => Error): T {
  try {
    return call();
  } catch (error) {
    throw isSystemFault(error) ? explain(error) : error;
  }
}

/** Less and less, because a kernel refuses a set with one unknown bit as a whole: USO came with 6.2. */
function negotiateOffloads(native: NativeTap, wanted: OffloadSet): OffloadSet {
  const { csum, tso4, tso6, tsoEcn } = Offload;
  for (const known of [OFFLOAD_ALL, csum | tso4 | tso6 | tsoEcn, csum | tso4 | tso6, csum]) {
    if (native.setOffload(wanted & known)) return wanted & known;
  }
  native.setOffload(Offload.none);
  return Offload.none;
}

function configureLink(addon: Addon, name: string, options: TapOptions): void {
  const { index } = addon.readLink(name);
  const set = (setting: string, call: () => void) => attempt(call, (fault) => linkError(name, setting, fault));
  const { mac, mtu } = options;
  if (mac !== undefined) set(`MAC address ${mac}`, () => addon.setLinkMac(index, macBytes(mac)));
  if (mtu !== undefined) set(`MTU ${mtu}`, () => addon.setLinkMtu(index, mtu));
  set("GSO limit", () => ignoring(EOPNOTSUPP, () => addon.setLinkGsoMaxBytes(index, GSO_MAX_BYTES)));
  // Addresses come after up: an IPv6 address of a link that is down gets no route.
  if (options.up) set("state up", () => addon.setLinkUp(index, true));
  for (const cidr of options.addresses) addAddress(addon, name, index, cidr);
}

function addAddress(addon: Addon, name: string, index: number, cidr: Cidr): void {
  attempt(
    () => ignoring(EEXIST, () => addon.addAddress(index, cidr.bytes, cidr.prefixBits, cidr.broadcast)),
    (fault) => addressError(name, cidr, fault),
  );
}

function ignoring(errno: number, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!isSystemFault(error) || error.errno !== errno) throw error;
  }
}

function macBytes(mac: Mac): Uint8Array {
  const { hi, lo } = macParts(mac);
  return Uint8Array.of(hi >> 8, hi, lo >> 24, lo >> 16, lo >> 8, lo);
}

class TapDevice implements Device {
  readonly name: string;
  readonly mac: Mac;
  readonly mtu: number;
  readonly offloads: OffloadSet;
  readonly #native: NativeTap;
  readonly #pending = new WriteBatch();
  #refused = 0;
  #refusedAtFlush = 0;

  constructor(native: NativeTap, mac: Mac, mtu: number, offloads: OffloadSet) {
    this.#native = native;
    this.name = native.name;
    this.mac = mac;
    this.mtu = mtu;
    this.offloads = offloads;
  }

  get refused(): number {
    return this.#refused;
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
    if (this.#pending.add(frame)) return;
    this.#writePending();
    this.#pending.add(frame);
  }

  flush(): number {
    this.#writePending();
    const refused = this.#refused - this.#refusedAtFlush;
    this.#refusedAtFlush = this.#refused;
    return refused;
  }

  #writePending(): void {
    const { bytes, entries, count } = this.#pending;
    if (count === 0) return;
    this.#refused += this.#native.write(bytes, entries, count);
    this.#pending.clear();
  }

  close(): void {
    this.#native.close();
  }
}
