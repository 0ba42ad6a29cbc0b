import { parseIpAddress } from "../wire/ip-prefix.ts";
import type { Asked } from "./asked.ts";
import { Problem } from "./problem.ts";

/**
 * What browsers' pages of others could do with an operator's browser, and may not. A page can send requests to us that
 * bring what the browser knows (a cookie, a password, a certificate, or just that it is on this machine); and it can have
 * its own name resolve to our address, and then is of our site as far as the browser knows (DNS rebinding).
 */

/** Throws if the request may be for a name that a stranger had resolve to us. `hosts`: those that are listed. */
export function checkHost({ incoming, door }: Asked, hosts: readonly string[]): void {
  // Under a site's path it has passed the site: what name it has is known there, and what a page could bring is not for that name.
  if (door.kind === "site" || isOurName(incoming.request.header("host"), hosts)) return;
  throw new Problem(421, "This name is none of ours: use an address, localhost, or list the name in control.hosts.");
}

/** Throws if a page of another site asks. */
export function checkPage({ incoming: { request } }: Asked): void {
  const site = request.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw new Problem(403, "Pages of other sites may not ask here.");
  }
  const origin = request.header("origin");
  if (origin === undefined || site === "same-origin" || isSameOrigin(origin, request.header("host"))) return;
  throw new Problem(403, "Pages of other sites may not ask here: Origin is not the Host that was asked.");
}

/**
 * Throws if a request that changes something comes with a cookie and does not show that a page of ours sent it. The cookie
 * goes with the request whoever made it; what no browser sends by itself, such as a password in a script, needs no proof.
 */
export function checkChange({ incoming }: Asked): void {
  const { request } = incoming;
  if (request.header("cookie") === undefined) return;
  const site = request.header("sec-fetch-site");
  if (site === "same-origin" || site === "none" || request.header("origin") !== undefined) return;
  throw new Problem(403, "A request with a cookie must say what page it comes from.");
}

/** Names that no stranger can have resolve to us: addresses, localhost, and those that are listed. */
function isOurName(host: string | undefined, hosts: readonly string[]): boolean {
  const name = nameOf(host ?? "");
  if (name === "localhost" || hosts.includes(name)) return true;
  return parseIpAddress(name.replace(/^\[(.*)\]$/, "$1")) !== undefined;
}

/** Without the port, in lower case. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  const [, named] = /^https?:\/\/([^/]+)$/.exec(origin) ?? [];
  return named !== undefined && host !== undefined && named.toLowerCase() === host.toLowerCase();
}
