import { isIP } from "node:net";
import { ConfigError } from "../base/errors.ts";
import type { WayOut } from "./way-out.ts";

/** Name, `*` or address in brackets; port; addresses with commas, those of IPv6 perhaps in brackets. As curl has it. */
const ENTRY = /^(\*|\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+):(\d{1,5}):(\S+)$/;

/** Parses `host:port:address[,address]`; a later entry for the same host and port replaces an earlier one. */
export function parseResolve(entries: readonly string[]): WayOut["resolve"] {
  return new Map(entries.map(parseEntry));
}

function parseEntry(text: string): readonly [key: string, addresses: readonly string[]] {
  const [, host = "", port = "", list = ""] = ENTRY.exec(text) ?? [];
  const addresses = list.split(",").map(withoutBrackets);
  if (host !== "" && Number(port) <= 65_535 && addresses.every((address) => isIP(address) !== 0)) {
    return [`${withoutBrackets(host).toLowerCase()}:${Number(port)}`, addresses];
  }
  throw new ConfigError("RESOLVE_INVALID", `"${text}" is not of the form host:port:address.`, {
    hint: "Examples: vpn.example.com:443:192.0.2.7, *:443:2001:db8::7.",
  });
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[(.*)\]$/, "$1");
}
