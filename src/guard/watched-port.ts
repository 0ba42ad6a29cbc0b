import type { Port } from "../switch/port.ts";
import { LOOP_PROBE_NONCE_BYTES, loopProbeHasNonce } from "../wire/loop-probe.ts";
import type { FillRandom } from "./fill-random.ts";
import type { PortShutter } from "./port-shutter.ts";

/** Rounds a nonce lives: a probe may wait that long in the queue of a slow line. */
const NONCES = 8;

/** A port that takes part in the search for loops: whether it is shut, and the probes it was sent lately. */
export class WatchedPort {
  readonly port: Port;
  readonly who: string;
  readonly shutter: PortShutter;
  /** Grows from port to port, so that of two the newer one is known. */
  readonly serial: number;
  readonly #nonces = new Uint8Array(NONCES * LOOP_PROBE_NONCE_BYTES);
  #sent = 0;

  /** `who`: tells whoever is behind the port from all others, also when he comes back. */
  constructor(port: Port, serial: number, who: string, shutter: PortShutter) {
    this.port = port;
    this.who = who;
    this.shutter = shutter;
    this.serial = serial;
  }

  get isShut(): boolean {
    return this.shutter.isShut;
  }

  /** Makes a nonce for the next probe, in place of the oldest one; returns its slot. */
  renewNonce(fillRandom: FillRandom): number {
    const slot = this.#sent++ % NONCES;
    fillRandom(this.#nonces.subarray(slot * LOOP_PROBE_NONCE_BYTES, (slot + 1) * LOOP_PROBE_NONCE_BYTES));
    return slot;
  }

  get nonces(): Uint8Array {
    return this.#nonces;
  }

  /** Whether the probe whose fields begin at `fields` is one that this port was sent. */
  wasSent(bytes: Uint8Array, fields: number, slot: number): boolean {
    if (slot >= Math.min(this.#sent, NONCES)) return false;
    return loopProbeHasNonce(bytes, fields, this.#nonces, slot * LOOP_PROBE_NONCE_BYTES);
  }
}
