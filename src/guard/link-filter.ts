import { Drop, type DropReason } from "../base/drop-reason.ts";
import { isVlanTag } from "../wire/ethernet.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { FIRST_ETHER_TYPE } from "./snap-header.ts";

/** What stands for all frames with a length, in a list of ethertypes. */
export const LLC = 0;

const ETHER_TYPES = 0x1_0000;
const VLAN_IDS = 0x1000;

/**
 * Which ethertypes and VLANs a peer may use, in both directions. A frame with more VLAN tags than the headers' reader
 * looks behind, or cut short in its Ethernet header, is none that a list allows.
 */
export class LinkFilter {
  readonly #etherTypes: Uint8Array | undefined;
  readonly #vlans: Uint8Array | undefined;

  /** What is allowed; undefined: everything. VLAN 0 stands for untagged frames. */
  constructor(etherTypes: readonly number[] | undefined, vlans: readonly number[] | undefined) {
    this.#etherTypes = etherTypes && bitmapOf(etherTypes, ETHER_TYPES);
    this.#vlans = vlans && bitmapOf(vlans, VLAN_IDS);
  }

  judge({ etherType, vlanId }: PacketHeaders): DropReason {
    const isHidden = etherType < 0 || isVlanTag(etherType);
    if (this.#vlans !== undefined && (isHidden || !hasBit(this.#vlans, vlanId))) return Drop.vlanDenied;
    if (this.#etherTypes === undefined) return Drop.none;
    const type = etherType < FIRST_ETHER_TYPE ? LLC : etherType;
    return isHidden || !hasBit(this.#etherTypes, type) ? Drop.ethertypeDenied : Drop.none;
  }
}

/** One bit per number below `size`. */
function bitmapOf(numbers: readonly number[], size: number): Uint8Array {
  const bitmap = new Uint8Array(size / 8);
  for (const number of numbers) bitmap[number >>> 3] = (bitmap[number >>> 3] ?? 0) | (1 << (number & 7));
  return bitmap;
}

function hasBit(bitmap: Uint8Array, number: number): boolean {
  return (((bitmap[number >>> 3] as number) >>> (number & 7)) & 1) === 1;
}
