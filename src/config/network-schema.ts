import { z } from "zod";
import { hostPrefix } from "./address-fields.ts";
import { list, named, parsed, section, wholeNumber } from "./schema-fields.ts";
import { NETWORK_DEFAULTS, type NetworkConfig } from "./server-config.ts";

/** Each is a switch with tables of its own. */
const MAX_NETWORKS = 256;
const MAX_ADDRESSES = 16;

/** ETH_MIN_MTU, and 65535 less the Ethernet header (drivers/net/tun.c). */
const MIN_MTU_BYTES = 68;
const MAX_MTU_BYTES = 65_521;

const network = section({
  path: parsed("path such as /office", parsePath).optional(),
  tap: parsed("name of a network device: 1 to 15 characters, no slash, colon or blank", parseDeviceName).optional(),
  addresses: list(hostPrefix, MAX_ADDRESSES).default(NETWORK_DEFAULTS.addresses),
  mtu: wholeNumber(MIN_MTU_BYTES, MAX_MTU_BYTES).optional(),
  bridge: z.boolean().default(NETWORK_DEFAULTS.bridge),
  broadcast: z.boolean().default(NETWORK_DEFAULTS.broadcast),
  multicast: z.boolean().default(NETWORK_DEFAULTS.multicast),
}).superRefine(({ tap, addresses }, context) => {
  if (tap !== undefined || addresses.length === 0) return;
  context.addIssue({ code: "custom", path: ["addresses"], message: "are the TAP's: give the network a tap" });
});

/** The networks in the order of the file. One without a path is at `/` and its name. */
export const networksSchema: z.ZodType<readonly NetworkConfig[]> = named("name of a network", isNetworkName, network)
  .transform((entries) =>
    entries.map(({ name, value: { path = `/${name}`, tap, mtu, ...flags } }) => ({ name, path, tap, mtu, ...flags })),
  )
  .superRefine((networks, context) => {
    if (networks.length > MAX_NETWORKS) context.addIssue(`has more than ${MAX_NETWORKS} networks`);
    for (const [index, { name, path, tap }] of networks.entries()) {
      const before = networks.slice(0, index);
      const samePath = before.find((other) => other.path === path);
      if (samePath !== undefined) addClash(context, [name, "path"], `${path} is already that of ${samePath.name}`);
      const sameTap = before.find((other) => tap !== undefined && other.tap === tap);
      if (sameTap !== undefined) addClash(context, [name, "tap"], `${tap} is already that of ${sameTap.name}`);
    }
  });

function addClash(context: z.RefinementCtx, path: string[], message: string): void {
  context.addIssue({ code: "custom", path, message });
}

/** Plain enough for a path, a log and a command line. */
function isNetworkName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name);
}

function parsePath(text: string): string | undefined {
  return /^\/[^?#\s\p{Cc}]{0,254}$/u.test(text) ? text : undefined;
}

/** The kernel would put a number for one %d; two networks must not get each other's device. */
function parseDeviceName(text: string): string | undefined {
  const isName = /^[^/:%\s\p{Cc}]+$/u.test(text) && text !== "." && text !== "..";
  return isName && Buffer.byteLength(text) <= 15 ? text : undefined;
}
