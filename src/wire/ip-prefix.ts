/** IP addresses and prefixes as bytes in network order, and their text (RFC 4632, RFC 4291, RFC 5952). */
import ipaddr from "ipaddr.js";

export type IpVersion = 4 | 6;

/** All addresses whose first `bits` bits are those of `bytes`. Bits behind are zero. */
export interface IpPrefix {
  readonly version: IpVersion;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** Parses an address, 4 or 16 bytes; an IPv4 address written as IPv6 (::ffff:a.b.c.d) is IPv4. Undefined if it is none. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  // `isValid` also takes 10.1 and 0x0a000001, which people do not mean.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  return Uint8Array.from(ipaddr.process(withoutZone(text)).toByteArray());
}

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address; bits behind the prefix length are cleared. Undefined if it is none. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = parseIpAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  // A mapped prefix such as ::ffff:10.0.0.0/104 would be ambiguous: a length is one of the address as it is written.
  if (length !== undefined && address.includes(":") && bytes.length === 4) return undefined;
  const most = bytes.length * 8;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) return undefined;
  return { version: bytes.length === 4 ? 4 : 6, bytes: bytes.map((byte, i) => byte & maskAt(bits, i)), bits };
}

export function formatIpPrefix({ bytes, bits }: IpPrefix): string {
  return `${formatIpAddress(bytes)}/${bits}`;
}

/** The text of 4 or 16 bytes. */
export function formatIpAddress(bytes: Uint8Array): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** Whether the prefix holds the address of its own version at `at`. The caller has checked version and length. */
export function prefixHolds(prefix: IpPrefix, bytes: Uint8Array, at: number): boolean {
  const whole = prefix.bits >>> 3;
  for (let i = 0; i < whole; i++) if (bytes[at + i] !== prefix.bytes[i]) return false;
  const mask = maskAt(prefix.bits, whole);
  return mask === 0 || ((bytes[at + whole] as number) & mask) === prefix.bytes[whole];
}

/** Whether one of the prefixes holds the address, given as its 4 or 16 bytes. */
export function somePrefixHolds(prefixes: readonly IpPrefix[], address: Uint8Array): boolean {
  return prefixes.some((prefix) => prefix.bytes.length === address.length && prefixHolds(prefix, address, 0));
}

/** The bits of byte `index` that belong to a prefix of `bits` bits. */
function maskAt(bits: number, index: number): number {
  const inside = Math.min(8, Math.max(0, bits - index * 8));
  return (0xff00 >>> inside) & 0xff;
}

function withoutZone(text: string): string {
  return text.replace(/%.*$/, "");
}
