import { createHmac, randomBytes } from "node:crypto";

/** Made anew by every process and never shown: nobody else can compute or check what is digested with it. */
const KEY = randomBytes(32);

/**
 * HMAC-SHA-256 of the texts under a key of this process, in hex. It stands for secrets in tables and names, and tells
 * a reader of either nothing, not even by guessing. Each text goes with its length: ("ab", "c") is not ("a", "bc").
 */
export function keyedDigest(...texts: readonly string[]): string {
  return digestUnder(KEY, ...texts);
}

/** The same under a key that another process may have, too: as good as that is random and secret. */
export function digestUnder(key: string | Buffer, ...texts: readonly string[]): string {
  const hmac = createHmac("sha256", key);
  for (const text of texts) hmac.update(`${Buffer.byteLength(text)}:`).update(text, "utf8");
  return hmac.digest("hex");
}
