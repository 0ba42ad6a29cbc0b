import { networkInterfaces } from "node:os";
import { ConfigError } from "../base/errors.ts";
import { isGroupMac, isZeroMac } from "../wire/ethernet.ts";
import { type Mac, macParts } from "../wire/mac.ts";
import type { OffloadSet } from "../wire/offload.ts";
import type { Cidr } from "./cidr.ts";

export interface TapOptions {
  /** At most 15 bytes; a `%d` is replaced by the next free number. */
  readonly name: string;
  /** The kernel's default is 1500. */
  readonly mtu?: number;
  /**
   * The kernel's default is random. `lasting`: the same each time, see `lastingMac`, unless the device is there already
   * and has one of its own.
   */
  readonly mac?: Mac | "lasting";
  readonly addresses: readonly Cidr[];
  readonly up: boolean;
  /** What to ask of the kernel; what it grants is `Device.offloads`. */
  readonly offloads: OffloadSet;
  /** False behaves as on a kernel without IFF_VNET_HDR. */
  readonly vnetHeader: boolean;
}

/** IFNAMSIZ is 16 with the terminator (linux/if.h). */
const NAME_MAX_BYTES = 15;

/** ETH_MIN_MTU, and 65535 less the Ethernet header (drivers/net/tun.c). */
const MTU_MIN_BYTES = 68;
const MTU_MAX_BYTES = 65521;

/** RFC 8200 section 5. */
const IPV6_MTU_MIN_BYTES = 1280;

/** Throws the ConfigError of the first option that no kernel would take, before anything is made. */
export function checkTapOptions(options: TapOptions): void {
  checkName(options.name);
  if (options.mtu !== undefined) checkMtu(options.mtu, options.addresses);
  if (options.mac !== undefined && options.mac !== "lasting") checkMac(options.mac);
  for (const cidr of options.addresses) checkAddressIsFree(cidr, options.name);
}

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_MAX_BYTES) {
    throw new ConfigError("TAP_NAME_TOO_LONG", `The device name "${name}" has ${bytes} bytes, but Linux takes 15.`, {
      hint: "Choose a shorter name.",
    });
  }
  const percents = name.replace("%d", "").includes("%");
  if (name === "" || name === "." || name === ".." || /[/:\s\0]/.test(name) || percents) {
    throw new ConfigError("TAP_NAME_INVALID", `"${name}" cannot be the name of a network device.`, {
      hint: "A name has no slash, colon or white space; one %d in it stands for the next free number.",
    });
  }
}

function checkMtu(mtu: number, addresses: readonly Cidr[]): void {
  if (!Number.isInteger(mtu) || mtu < MTU_MIN_BYTES || mtu > MTU_MAX_BYTES) {
    throw new ConfigError("MTU_INVALID", `An MTU of ${mtu} is out of range.`, {
      hint: `A TAP device takes ${MTU_MIN_BYTES} to ${MTU_MAX_BYTES}; 1500 is usual.`,
    });
  }
  const ipv6 = addresses.find((cidr) => cidr.bytes.length === 16);
  if (ipv6 !== undefined && mtu < IPV6_MTU_MIN_BYTES) {
    throw new ConfigError("MTU_INVALID", `An MTU of ${mtu} is too small for the IPv6 address ${ipv6.text}.`, {
      hint: `IPv6 needs ${IPV6_MTU_MIN_BYTES} at least.`,
    });
  }
}

function checkMac(mac: Mac): void {
  const { hi, lo } = macParts(mac);
  if (isGroupMac(hi) || isZeroMac(hi, lo)) {
    throw new ConfigError("MAC_NOT_UNICAST", `${mac} cannot be a device's MAC address.`, {
      hint: "The first byte must be even and the address not zero, e.g. 02:00:00:00:00:01.",
    });
  }
}

/** The kernel would take an address twice, and then answer on the wrong device. Link-local addresses may repeat. */
function checkAddressIsFree(cidr: Cidr, name: string): void {
  for (const [holder, addresses] of Object.entries(networkInterfaces())) {
    const taken = addresses?.some(({ address, scopeid }) => address === cidr.address && !scopeid) ?? false;
    if (taken && holder !== name) {
      throw new ConfigError("ADDRESS_IN_USE", `${cidr.address} is already an address of "${holder}".`, {
        hint: "Choose another address, or remove it there.",
      });
    }
  }
}
