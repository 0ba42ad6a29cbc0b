import { parseIpAddress } from "../wire/ip-prefix.ts";

/**
 * Whether a browser's page may open this connection (RFC 6455, 10.2). Browsers send credentials they hold for a host
 * with every request to it, whichever page asked; without this check any page could join with them. Programs that are no
 * browsers send no Origin.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes("*") || allowed.includes(origin)) return true;
  const match = /^https?:\/\/([^/]+)$/.exec(origin);
  return match !== null && host !== undefined && match[1]?.toLowerCase() === host.toLowerCase();
}

/**
 * Whether a page may join without credentials. A page can have its own name resolve to our address (DNS rebinding): then
 * it is of the same host as far as the headers say. Not by an address, nor as localhost: those names are nobody else's.
 * A page of a named host has to be listed.
 */
export function mayPageJoinOpenly(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin)) return true;
  const name = host?.replace(/:\d+$/, "").toLowerCase() ?? "";
  return name === "localhost" || parseIpAddress(name.replace(/^\[(.*)\]$/, "$1")) !== undefined;
}
