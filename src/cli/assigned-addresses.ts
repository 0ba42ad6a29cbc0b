import { constants, networkInterfaces } from "node:os";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { isSystemFault, loadAddon } from "../device/addon.ts";
import { type Cidr, parseCidr } from "../device/cidr.ts";
import { type IpPrefix, parseIpPrefix, prefixHolds } from "../wire/ip-prefix.ts";

/**
 * Where a VPN's addresses come from: private use (RFC 1918), shared (RFC 6598), unique local (RFC 4193). With an address
 * comes a route to its whole prefix: a server that could choose any would draw our traffic to others to itself.
 */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map(
  (text) => parseIpPrefix(text) as IpPrefix,
);

/**
 * Gives a TAP the addresses that a server has for it, once each. What is not private, or would take over a network that
 * this machine is in, is left alone, with a warning; so is what the kernel refuses, perhaps because we gave up root.
 */
export function makeAddressAssigner(log: Logger, device: string): (addresses: readonly string[]) => void {
  const known = new Set<string>();
  return (addresses) => {
    for (const text of addresses.filter((one) => !known.has(one))) {
      known.add(text);
      const reason = tryAssign(device, text);
      if (reason === undefined)
        log.info("client.address", `${device} has the address ${text}, from the server`, { text });
      else {
        const message = `the server's address ${text} is not set: ${reason}\n  Set it with --address if it is right.`;
        log.warn("client.address-refused", message, { text });
      }
    }
  };
}

/** Why not; undefined if it is there now. */
function tryAssign(device: string, text: string): string | undefined {
  try {
    const cidr = parseCidr(text);
    const reason = objection(cidr, localPrefixes(device));
    if (reason === undefined) assign(device, cidr);
    return reason;
  } catch (error) {
    return describeError(error);
  }
}

/** Why a server should not choose this address for us; `local`: networks that this machine is in otherwise. */
export function objection(cidr: Cidr, local: readonly IpPrefix[]): string | undefined {
  const prefix = { version: cidr.bytes.length === 4 ? 4 : 6, bytes: cidr.bytes, bits: cidr.prefixBits } as const;
  if (!PRIVATE.some((one) => one.bits <= prefix.bits && overlap(one, prefix))) return "it is no private address.";
  return local.some((one) => overlap(one, prefix)) ? "this machine is in such a network already." : undefined;
}

/** Whether some address is in both. */
function overlap(a: IpPrefix, b: IpPrefix): boolean {
  const [wide, narrow] = a.bits <= b.bits ? [a, b] : [b, a];
  return wide.version === narrow.version && prefixHolds(wide, narrow.bytes, 0);
}

function localPrefixes(device: string): readonly IpPrefix[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => name !== device)
    .flatMap(([, addresses = []]) => addresses.map(({ cidr }) => parseIpPrefix(cidr ?? "")))
    .filter((prefix) => prefix !== undefined);
}

function assign(device: string, { bytes, prefixBits, broadcast }: Cidr): void {
  const addon = loadAddon();
  try {
    addon.addAddress(addon.readLink(device).index, bytes, prefixBits, broadcast);
  } catch (error) {
    // It may be there since an earlier connection.
    if (!isSystemFault(error) || error.errno !== constants.errno.EEXIST) throw error;
  }
}
