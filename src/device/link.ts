import { constants } from "node:os";
import { type Mac, macParts } from "../wire/mac.ts";
import { type Addon, isSystemFault, type LinkState } from "./addon.ts";
import type { Cidr } from "./cidr.ts";
import { addressError, explainFault, linkError } from "./tap-error.ts";
import type { TapOptions } from "./tap-options.ts";

/**
 * Super-frames stay below this, so that a message of virtio-net header (10), frame and VLAN tag (4) has at most 65535
 * bytes: its WebSocket length then takes two bytes instead of eight. The kernel compares `skb->len >= gso_max_size`
 * (net/core/dev.c, gso_features_check).
 */
const GSO_MAX_BYTES = 65_535 - 10 - 4 + 1;

const { EEXIST, EOPNOTSUPP } = constants.errno;

export type LinkOptions = Omit<TapOptions, "mac"> & { readonly mac: Mac | undefined };

/** Sets the link of the TAP `name` as the options say; returns its state then. Throws a DeviceError. */
export function configureLink(addon: Addon, name: string, options: LinkOptions): LinkState {
  const { index } = addon.readLink(name);
  const set = (setting: string, call: () => void) => explainFault(call, (fault) => linkError(name, setting, fault));
  const { mac, mtu } = options;
  if (mac !== undefined) set(`MAC address ${mac}`, () => addon.setLinkMac(index, macBytes(mac)));
  if (mtu !== undefined) set(`MTU ${mtu}`, () => addon.setLinkMtu(index, mtu));
  set("GSO limit", () => ignoring(EOPNOTSUPP, () => addon.setLinkGsoMaxBytes(index, GSO_MAX_BYTES)));
  // Addresses come after up: an IPv6 address of a link that is down gets no route.
  if (options.up) set("state up", () => addon.setLinkUp(index, true));
  for (const cidr of options.addresses) addAddress(addon, name, index, cidr);
  return addon.readLink(name);
}

/** Throws a DeviceError. */
export function setLinkMtu(addon: Addon, name: string, mtu: number): void {
  explainFault(
    () => addon.setLinkMtu(addon.readLink(name).index, mtu),
    (fault) => linkError(name, `MTU ${mtu}`, fault),
  );
}

/** A persistent TAP may have the address already. */
function addAddress(addon: Addon, name: string, index: number, cidr: Cidr): void {
  explainFault(
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
