import { printable } from "../wire/printable.ts";
import { ANONYMOUS } from "./identity.ts";
import { MAX_USER_NAME_LENGTH } from "./user-name.ts";

/**
 * Whether the name that another authority (an issuer, a CA, a web server) gives to a user or group can be shown and
 * compared without doubt: printable, without blanks around it. Unlike those that are made here it may hold a colon: URIs
 * do. Names are compared as they are, without case folding or Unicode normalization.
 */
export function isForeignName(text: string): boolean {
  if (text === "" || text.length > MAX_USER_NAME_LENGTH) return false;
  return text === printable(text) && text === text.trim();
}

/** As above for a user: none of them is called as those whom nobody authenticated. */
export function isForeignUser(text: string): boolean {
  return isForeignName(text) && text !== ANONYMOUS;
}
