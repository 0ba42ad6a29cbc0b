import { isIP } from "node:net";
import { type IpPrefix, parseIpAddress, parseIpPrefix, somePrefixHolds } from "../wire/ip-prefix.ts";

interface Exception {
  /** Undefined: every port. */
  readonly port: number | undefined;
  readonly matches: (host: string) => boolean;
}

/** Tells which hosts are reached straight, without the proxy. */
export type NoProxy = (host: string, port: number) => boolean;

/**
 * Reads NO_PROXY as curl does: a list with commas or blanks of names (each with all below it, a leading dot makes no
 * difference), addresses, prefixes such as 10.0.0.0/8, each perhaps with a port; or `*` alone for every host. What is
 * none of these matches nothing.
 */
export function parseNoProxy(text: string): NoProxy {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 1 && words[0] === "*") return () => true;
  const exceptions = words.map(parseException);
  return (host, port) => {
    const name = plainHost(host);
    return exceptions.some((one) => (one.port === undefined || one.port === port) && one.matches(name));
  };
}

function parseException(word: string): Exception {
  // An IPv6 address without brackets is all address.
  const whole = parseIpPrefix(word);
  if (whole !== undefined) return { port: undefined, matches: within(whole) };
  const [, pattern = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(word) ?? [];
  const address = parseIpPrefix(withoutBrackets(pattern));
  return {
    port: digits === undefined ? undefined : Number(digits),
    matches: address === undefined ? below(plainHost(pattern)) : within(address),
  };
}

function within(prefix: IpPrefix): Exception["matches"] {
  return (host) => {
    const address = isIP(host) === 0 ? undefined : parseIpAddress(host);
    return address !== undefined && somePrefixHolds([prefix], address);
  };
}

/** A name and all names below it; never an address, of which a suffix means nothing. */
function below(pattern: string): Exception["matches"] {
  const name = pattern.replace(/^\./, "");
  return (host) => name !== "" && isIP(host) === 0 && (host === name || host.endsWith(`.${name}`));
}

/** In lower case, without brackets and without the dot that ends a full name. */
function plainHost(host: string): string {
  return withoutBrackets(host).toLowerCase().replace(/\.$/, "");
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
