import { printable } from "../wire/printable.ts";
import { ANONYMOUS } from "./identity.ts";

/** In UTF-16 units; htpasswd has the same limit. */
export const MAX_USER_NAME_LENGTH = 255;

/**
 * Whether a name may be given to a user: printable, without blanks around it, no colon (Basic authentication ends the
 * name there, RFC 7617, 2), and not the name of those whom nobody authenticated.
 */
export function isUserName(text: string): boolean {
  if (text === "" || text.length > MAX_USER_NAME_LENGTH || text === ANONYMOUS) return false;
  return text === printable(text) && text === text.trim() && !text.includes(":");
}
