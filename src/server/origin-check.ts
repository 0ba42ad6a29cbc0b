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
