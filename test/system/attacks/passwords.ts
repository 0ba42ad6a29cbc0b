/** The users of an arena: each has a password of its own, which follows from the name, and a line in the htpasswd file. */
import { createHash } from "node:crypto";

function passwordOf(user: string): string {
  return `password of ${user}`;
}

/** Read by `vpn-ws client --auth-file`. */
export function authFileLine(user: string): string {
  return `${user}:${passwordOf(user)}\n`;
}

export function basicAuthorization(user: string): string {
  return `Basic ${Buffer.from(`${user}:${passwordOf(user)}`).toString("base64")}`;
}

/** SHA-1: the only kind of htpasswd line that costs nothing to check, so that joining many times takes no time. */
export function htpasswdLine(user: string): string {
  return `${user}:{SHA}${createHash("sha1").update(passwordOf(user)).digest("base64")}\n`;
}
