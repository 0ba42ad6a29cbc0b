import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether two secrets are the same. How long it takes says nothing of where they differ, nor how long the other one
 * is: digests are compared, because `timingSafeEqual` takes equal lengths only.
 */
export function secretEqual(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
