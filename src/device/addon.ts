import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../base/errors.ts";

/**
 * The addon (native/) in types, and its only loader. What it throws on a kernel's refusal is a `SystemFault`; what
 * the refusal means to a person is decided by the caller.
 */
export interface Addon {
  /** Opens /dev/net/tun and makes or attaches the TAP `name`; `%d` in it is replaced by the kernel. */
  readonly Tap: new (
    name: string,
    vnetHeader: boolean,
  ) => NativeTap;
  /**
   * Tells that links, addresses or routes of the network namespace changed, until `close`; `errno` is 0, or says why
   * the watch ended for good. Does not keep the process alive.
   */
  readonly NetlinkWatch: new (
    onChange: (errno: number) => void,
  ) => { close(): void };
  readLink(name: string): LinkState;
  setLinkUp(index: number, up: boolean): void;
  setLinkMtu(index: number, bytes: number): void;
  /** Frames of this length or more are segmented by the kernel before the device sees them (IFLA_GSO_MAX_SIZE). */
  setLinkGsoMaxBytes(index: number, bytes: number): void;
  setLinkMac(index: number, mac: Uint8Array): void;
  /** `address` has 4 or 16 bytes, `broadcast` 4 or none. */
  addAddress(index: number, address: Uint8Array, prefixBits: number, broadcast: Uint8Array): void;
  /**
   * Fills `target` with the main table's routes of an IP version (4 or 6), as netlink messages, and returns how many bytes
   * they take (see route-message.ts). Of one protocol only, where the kernel can; 0 for any. EMSGSIZE if they are more.
   */
  readRoutes(version: number, protocol: number, target: Uint8Array): number;
  /**
   * Makes the route to one address, or changes that with this metric. Addresses have 4 or 16 bytes; gateway and source may
   * have none.
   */
  putHostRoute(
    destination: Uint8Array,
    gateway: Uint8Array,
    source: Uint8Array,
    index: number,
    isOnlink: boolean,
    metric: number,
    protocol: number,
  ): void;
  removeHostRoute(destination: Uint8Array, metric: number, protocol: number): void;
  /** The name of the link with this index; empty if there is none. */
  linkName(index: number): string;
  /** The index of the link of this name; 0 if there is none. */
  linkIndex(name: string): number;
  setSocketOption(fd: number, level: number, name: number, value: number): void;
  setSocketOptionText(fd: number, level: number, name: number, value: string): void;
  getSocketOption(fd: number, level: number, name: number): number;
  getSocketOptionText(fd: number, level: number, name: number): string;
  /** An unconnected TCP socket, which the caller closes or hands to a `net.Socket`. */
  openTcpSocket(version: 4 | 6): number;
  /** Writes six words: see get_socket_state in native/socket_options.c. False if it is no TCP. */
  socketState(fd: number, words: Uint32Array): boolean;
  peerCredentials(fd: number): PeerCredentials;
  /** The next byte to read, which stays there; −1 if there is none, nor will be, or not yet. */
  peekByte(fd: number): number;
  /** XORs `bytes[start..end)` with the key, most significant byte first. */
  maskBytes(bytes: Uint8Array, start: number, end: number, key: number): void;
  /** In every thread of the process, prctl(option, argument) for each pair of `pairs`, 64 at most, in order. */
  prctlThreads(pairs: Uint32Array): void;
  /** In every thread: permitted and effective capabilities, bits 0 to 31 and 32 to 63; the inheritable ones go. */
  capsetThreads(low: number, high: number): void;
  /** PR_SET_DUMPABLE, of the process. */
  setDumpable(dumpable: boolean): void;
  /** RLIMIT_CORE, soft and hard. */
  setCoreBytes(bytes: number): void;
}

/** A TAP's descriptor, which never leaves C. Layouts: native/tap_reader.h, native/tap_writer.h. */
export interface NativeTap {
  /** The name the kernel gave. */
  readonly name: string;
  /** Whether the kernel gives and takes virtio-net headers; if not, read frames have zeroed ones. */
  readonly vnetHeader: boolean;
  /** TUNSETOFFLOAD; false if the kernel does not know every bit. */
  setOffload(set: number): boolean;
  /** Reads batches from now on. `errno` is 0, or says why reading ended for good. */
  start(bytes: Uint8Array, spans: Uint32Array, headroom: number, onBatch: (count: number, errno: number) => void): void;
  pause(): void;
  resume(): void;
  /** Frames lost on reading: shorter than an Ethernet header, or longer than any can be. */
  skipped(): number;
  /** Writes `count` entries of three words (start, end, 1 if a virtio-net header lies before start); returns the refused. */
  write(bytes: Uint8Array, entries: Uint32Array, count: number): number;
  /** Idempotent. */
  close(): void;
}

export interface LinkState {
  readonly index: number;
  /** IFF_* of linux/if.h. */
  readonly flags: number;
  readonly mtu: number;
  readonly gsoMaxBytes: number;
  /** `aa:bb:cc:dd:ee:ff` */
  readonly mac: string;
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A system call that the kernel refused. */
export interface SystemFault extends Error {
  /** Positive, as in errno.h. */
  readonly errno: number;
  /** The call, the ioctl or the netlink attribute: `open`, `TUNSETIFF`, `IFLA_MTU`. */
  readonly syscall: string;
}

export function isSystemFault(error: unknown): error is SystemFault {
  return error instanceof Error && "errno" in error && "syscall" in error;
}

let loaded: Addon | undefined;

/**
 * Loads the addon once: a prebuilt binary that fits, or the one that the installation compiled.
 * Throws DeviceError `ADDON_MISSING` if there is neither.
 */
export function loadAddon(): Addon {
  loaded ??= loadFrom(fileURLToPath(new URL("../..", import.meta.url)));
  return loaded;
}

/** Loads it from below `packageRoot` (prebuilds/ or build/Release/). */
export function loadFrom(packageRoot: string): Addon {
  try {
    return createRequire(import.meta.url)("node-gyp-build")(packageRoot) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new DeviceError("ADDON_MISSING", `The native addon could not be loaded from ${packageRoot}: ${reason}.`, {
      cause,
      hint: "Build it with `npm rebuild`; this needs python3, make and a C compiler.",
    });
  }
}
