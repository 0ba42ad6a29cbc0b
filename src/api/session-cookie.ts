import { type Asked, isSecure } from "./asked.ts";

const NAME = "vpn-ws-session";
/** Cookies of others may stand beside ours; a header with more is not looked through. */
const MAX_COOKIES = 64;

/** What our cookie holds; undefined if there is none. */
export function sessionSecret(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  for (const pair of header.split(";", MAX_COOKIES)) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === NAME) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Value of Set-Cookie that gives a browser its session, for where we stand and nowhere else. */
export function sessionCookie(asked: Asked, secret: string, lifeMs: number): string {
  const secure = isSecure(asked) ? "; Secure" : "";
  const path = asked.door.prefix === "" ? "/" : asked.door.prefix;
  return `${NAME}=${secret}; Path=${path}; Max-Age=${Math.floor(lifeMs / 1_000)}; HttpOnly; SameSite=Strict${secure}`;
}

/** Value of Set-Cookie that takes it away. */
export function noSessionCookie(asked: Asked): string {
  return sessionCookie(asked, "", 0);
}
