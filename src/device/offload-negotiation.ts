import { Offload, type OffloadSet } from "../wire/offload.ts";

const { csum, tso4, tso6, tsoEcn, uso4, uso6 } = Offload;

/** What kernels know, newest first: USO came with 6.2. */
const KNOWN_SETS: readonly OffloadSet[] = [
  csum | tso4 | tso6 | tsoEcn | uso4 | uso6,
  csum | tso4 | tso6 | tsoEcn,
  csum | tso4 | tso6,
  csum,
];

/**
 * Asks for less and less, because a kernel refuses a set with one bit it does not know as a whole (drivers/net/tun.c,
 * set_offload). Returns the set in force, a part of `wanted`.
 */
export function negotiateOffloads(setOffload: (set: OffloadSet) => boolean, wanted: OffloadSet): OffloadSet {
  for (const known of KNOWN_SETS) {
    const set = wanted & known;
    if (setOffload(set)) return set;
  }
  setOffload(Offload.none);
  return Offload.none;
}
