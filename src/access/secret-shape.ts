import { isTokenSecret } from "./token.ts";

/** Header and claims of a JWT, each an object in base64url, and a dot behind each. A name with dots is shorter. */
const JWT = /^e[w-z0-9_-][\w-]{10,}\.e[w-z0-9_-][\w-]{10,}\./;

/** Whether a text that should be a user's name is a token of ours or of an issuer, put into the wrong place. */
export function isSecretShaped(text: string): boolean {
  return isTokenSecret(text) || JWT.test(text);
}
