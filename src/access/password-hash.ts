/** The hashes of passwords that htpasswd files hold: bcrypt, APR1 and SHA-1 are read, only bcrypt is written. */
import { createHash } from "node:crypto";
import { compareSync, hashSync, truncates } from "bcryptjs";
import { apr1 } from "./apr1.ts";
import { secretEqual } from "./secret-equal.ts";

/** About a quarter of a second on one core: dear to who guesses, bearable for who logs in. */
const BCRYPT_COST = 12;
/** One more doubles the time. 15 takes two or three seconds; above, a check would not end before the handshake does. */
const MAX_BCRYPT_COST = 15;
const MIN_BCRYPT_COST = 4;
/** NIST SP 800-63B, 5.1.1.2. */
const MIN_PASSWORD_LENGTH = 8;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const APR1 = /^\$apr1\$([^$:\s]{1,8})\$[./A-Za-z0-9]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;

/** Why a hash is not taken, as the end of a sentence; undefined if it is. Says nothing of the hash itself. */
export function passwordHashFault(hash: string): string | undefined {
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? Number.NaN);
  if (cost >= MIN_BCRYPT_COST && cost <= MAX_BCRYPT_COST) return undefined;
  if (!Number.isNaN(cost)) return `its bcrypt cost is not between ${MIN_BCRYPT_COST} and ${MAX_BCRYPT_COST}`;
  if (APR1.test(hash) || SHA1.test(hash)) return undefined;
  if (/^\$(?:2[aby]|apr1)\$|^\{SHA\}/.test(hash)) return "its hash is damaged";
  return "it holds neither bcrypt, nor APR1, nor {SHA}; crypt(3) and plain text are not taken";
}

/** Whether `hash`, which has no fault, is of this password. Takes a quarter of a second for bcrypt: not for the main thread. */
export function verifyPassword(hash: string, password: string): boolean {
  // bcrypt looks at 72 bytes, here as in every other program that reads these files.
  if (hash.startsWith("$2")) return compareSync(password, hash);
  const salt = APR1.exec(hash)?.[1];
  if (salt !== undefined) return secretEqual(apr1(password, salt), hash);
  return secretEqual(`{SHA}${createHash("sha1").update(password, "utf8").digest("base64")}`, hash);
}

/** Why a password should not be set, as a sentence; undefined if it may. */
export function newPasswordFault(password: string): string | undefined {
  if (/\p{Cc}/u.test(password)) return "The password has control characters, which Basic authentication cannot carry.";
  if (password.length < MIN_PASSWORD_LENGTH) return `The password has less than ${MIN_PASSWORD_LENGTH} characters.`;
  if (truncates(password)) return "The password has more than 72 bytes: bcrypt would ignore the rest.";
  return undefined;
}

/** A new hash of a password that has no fault, bcrypt with a salt of its own. Takes a quarter of a second. */
export function hashPassword(password: string): string {
  return hashSync(password, BCRYPT_COST);
}
