/**
 * APR1: Apache's variant of the MD5 password scheme of FreeBSD (apr_md5_encode in apr-util's crypto/apr_md5.c). It is
 * weak by today's measure, but what many htpasswd files hold. It is read, never written.
 */
import { createHash } from "node:crypto";

const MAGIC = "$apr1$";
const ROUNDS = 1000;
const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Which bytes of the digest are written together, the highest first: four characters each, and two for the last byte. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;
const LAST = 11;

/** `$apr1$`, salt, `$`, and 22 characters for the digest. The salt has 1 to 8 characters. */
export function apr1(password: string, salt: string): string {
  const key = Buffer.from(password, "utf8");
  let digest = firstDigest(key, salt);
  for (let round = 0; round < ROUNDS; round++) {
    const hash = createHash("md5").update(round % 2 === 1 ? key : digest);
    if (round % 3 !== 0) hash.update(salt);
    if (round % 7 !== 0) hash.update(key);
    digest = hash.update(round % 2 === 1 ? digest : key).digest();
  }
  return `${MAGIC}${salt}$${format(digest)}`;
}

function firstDigest(key: Buffer, salt: string): Buffer {
  const alternate = createHash("md5").update(key).update(salt).update(key).digest();
  const hash = createHash("md5").update(key).update(MAGIC).update(salt);
  for (let left = key.length; left > 0; left -= 16) hash.update(alternate.subarray(0, Math.min(16, left)));
  // One byte for each bit of the length: a slip of the first author's that became the format.
  for (let bits = key.length; bits > 0; bits >>= 1) hash.update((bits & 1) === 1 ? ZERO : key.subarray(0, 1));
  return hash.digest();
}

const ZERO = Buffer.alloc(1);

function format(digest: Buffer): string {
  const at = (index: number): number => digest[index] as number;
  const groups = GROUPS.map(([high, middle, low]) => characters((at(high) << 16) | (at(middle) << 8) | at(low), 4));
  return groups.join("") + characters(at(LAST), 2);
}

/** The lowest six bits come first. */
function characters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[(value >>> (6 * i)) & 63]).join("");
}
