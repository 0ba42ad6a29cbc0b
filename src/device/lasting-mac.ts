import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { formatMac, type Mac } from "../wire/mac.ts";

/** What tells this machine, and this network namespace in it, from others. */
const IDENTITIES = [
  () => readFileSync("/etc/machine-id", "latin1").trim(),
  () => readlinkSync("/proc/self/ns/net"),
] as const;

/**
 * A MAC for the device `name` that is the same each time on this machine, in this network namespace. Undefined if the
 * machine cannot be told from others: then the kernel's random one is the safer choice.
 *
 * Whoever talked to a device that went away and came back sends to its old MAC for half a minute or more, until the
 * kernel asks for the address again (RFC 4861 7.3.3; Linux does so for ARP, too).
 */
export function lastingMac(name: string, identities: readonly (() => string)[] = IDENTITIES): Mac | undefined {
  try {
    const identity = identities.map((read) => read());
    if (identity.includes("")) return undefined;
    const digest = createHash("sha256")
      .update(JSON.stringify(["vpn-ws TAP", ...identity, name]))
      .digest();
    // Unicast, locally administered (IEEE 802, 8.2).
    return formatMac(((digest.readUInt8(0) & 0xfc) | 0x02) * 256 + digest.readUInt8(1), digest.readInt32BE(2));
  } catch {
    return undefined;
  }
}
