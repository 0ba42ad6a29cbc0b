/** Fields that hold addresses: IP, MAC, listeners, origins. */
import type { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import { parseListenAddress } from "../transport/listen-address.ts";
import { isGroupMac, isZeroMac } from "../wire/ethernet.ts";
import { formatIpPrefix, type IpPrefix, parseIpAddress, parseIpPrefix } from "../wire/ip-prefix.ts";
import { type Mac, macParts, parseMac } from "../wire/mac.ts";
import { parsed } from "./schema-fields.ts";

export const listenAddress = parsed("address to listen on", parseListenAddress);
export const ipPrefix: z.ZodType<IpPrefix> = parsed("IP prefix such as 10.0.0.0/8 or fd00::/8", parseExactPrefix);
export const hostAddress = parsed("IP address of a host", parseHostAddress);
export const hostPrefix = parsed("address with its prefix length, such as 10.9.0.1/24", parseHostPrefix);
export const unicastMac = parsed("MAC address of a device, such as 02:00:00:00:00:01", parseUnicastMac);
export const origin = parsed("origin such as https://vpn.example.com", parseOrigin);

/** A slip such as 10.1.2.3/8 would open far more than the one address that was meant. */
function parseExactPrefix(text: string): IpPrefix | undefined {
  const prefix = parseIpPrefix(text);
  const address = parseIpAddress(text.replace(/\/.*$/, ""));
  if (prefix === undefined || address?.every((byte, i) => byte === prefix.bytes[i]) !== false) return prefix;
  throw new ConfigError(
    "PREFIX_WITH_HOST_BITS",
    `"${text}" has bits behind its prefix length: write ${formatIpPrefix(prefix)}, or ${text.replace(/\/.*$/, "")} for one address`,
  );
}

function parseHostAddress(text: string): Uint8Array | undefined {
  const bytes = parseIpAddress(text);
  return bytes !== undefined && isHost(bytes) ? bytes : undefined;
}

function isHost(bytes: Uint8Array): boolean {
  const first = bytes[0] as number;
  return bytes.some((byte) => byte !== 0) && (bytes.length === 16 ? first !== 0xff : first < 224);
}

/** As it was written: the device makes of it what the kernel needs. */
function parseHostPrefix(text: string): string | undefined {
  const [address = "", length] = text.split("/");
  return length !== undefined && parseIpPrefix(text) !== undefined && parseHostAddress(address) !== undefined
    ? text
    : undefined;
}

function parseUnicastMac(text: string): Mac | undefined {
  const mac = parseMac(text);
  if (mac === undefined) return undefined;
  const { hi, lo } = macParts(mac);
  return isGroupMac(hi) || isZeroMac(hi, lo) ? undefined : mac;
}

/** As a browser writes it into the `Origin` header (RFC 6454 section 6.2), to be compared as text. */
function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isBare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  return isBare && ["http:", "https:"].includes(url.protocol) ? url.origin : undefined;
}
