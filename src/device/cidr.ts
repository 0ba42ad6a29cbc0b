import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { ConfigError } from "../base/errors.ts";

/** An address of this host with the length of its network's prefix, e.g. `10.9.0.1/24` or `fd00::1/64`. */
export interface Cidr {
  /** As it was written. */
  readonly text: string;
  /** Without the prefix, in canonical form. */
  readonly address: string;
  /** 4 or 16 bytes, in network order. */
  readonly bytes: Uint8Array;
  readonly prefixBits: number;
  /** The network's broadcast address: 4 bytes; none for IPv6 and for prefixes of 31 and 32 bits (RFC 3021). */
  readonly broadcast: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** Parses an address that a device can have. Throws ConfigError `CIDR_INVALID` or `CIDR_NOT_A_HOST`. */
export function parseCidr(text: string): Cidr {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  const prefixBits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (rest.length > 0 || version === 0 || !(prefixBits <= (version === 4 ? 32 : 128))) throw invalid(text);

  const parsed = ipaddr.parse(address);
  const bytes = Uint8Array.from(parsed.toByteArray());
  const broadcast = version === 4 && prefixBits <= 30 ? broadcastOf(bytes, prefixBits) : NO_BYTES;
  if (!isHost(bytes, prefixBits, broadcast)) throw notAHost(text);
  return { text, address: parsed.toString(), bytes, prefixBits, broadcast };
}

/** The address with every bit behind the prefix set. */
function broadcastOf(bytes: Uint8Array, prefixBits: number): Uint8Array {
  return bytes.map((byte, i) => byte | (0xff >> clamp(prefixBits - 8 * i, 0, 8)));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** False for the unspecified address, for multicast, and in IPv4 for the network's own and its broadcast address. */
function isHost(bytes: Uint8Array, prefixBits: number, broadcast: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  if (bytes.every((byte) => byte === 0)) return false;
  if (bytes.length === 16) return first !== 0xff;
  if (first >= 224) return false;
  if (broadcast.length === 0) return true;
  const isNetwork = bytes.every((byte, i) => (byte & (0xff >> clamp(prefixBits - 8 * i, 0, 8))) === 0);
  const isBroadcast = bytes.every((byte, i) => byte === broadcast[i]);
  return !isNetwork && !isBroadcast;
}

function invalid(text: string): ConfigError {
  return new ConfigError("CIDR_INVALID", `"${text}" is not an address with a prefix length.`, {
    hint: "Write it as 10.9.0.1/24 or fd00::1/64.",
  });
}

function notAHost(text: string): ConfigError {
  return new ConfigError("CIDR_NOT_A_HOST", `"${text}" is not the address of one host, so no device can have it.`, {
    hint: "Choose an address inside the network, e.g. 10.9.0.1/24 rather than 10.9.0.0/24.",
  });
}
