import { type Asked, isSecure } from "./asked.ts";

/** What its name begins with. */
export const SESSION_COOKIE = "vpn-ws-session";
/** At the end of a Host header. */
const PORT = /:(\d{1,5})$/;
/** Cookies of others may stand beside ours; a header with more is not looked through. */
const MAX_COOKIES = 64;

/** What our cookie holds; undefined if there is none. */
export function sessionSecret(asked: Asked): string | undefined {
  const header = asked.incoming.request.header("cookie");
  if (header === undefined) return undefined;
  const name = nameFor(asked);
  for (const pair of header.split(";", MAX_COOKIES)) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Value of Set-Cookie that gives a browser its session, for where we stand and nowhere else. */
export function sessionCookie(asked: Asked, secret: string, lifeMs: number): string {
  const secure = isSecure(asked) ? "; Secure" : "";
  const path = asked.door.prefix === "" ? "/" : asked.door.prefix;
  return `${nameFor(asked)}=${secret}; Path=${path}; Max-Age=${Math.floor(lifeMs / 1_000)}; HttpOnly; SameSite=Strict${secure}`;
}

/**
 * Cookies are shared by all ports of a host (RFC 6265, section 8.5), and localhost may have one for each of several servers,
 * by ssh: so the port, as the browser knows it, is a part of the name.
 */
function nameFor({ incoming }: Asked): string {
  const [, port] = PORT.exec(incoming.request.header("host") ?? "") ?? [];
  return port === undefined ? SESSION_COOKIE : `${SESSION_COOKIE}-${port}`;
}

/** Value of Set-Cookie that takes it away. */
export function noSessionCookie(asked: Asked): string {
  return sessionCookie(asked, "", 0);
}
