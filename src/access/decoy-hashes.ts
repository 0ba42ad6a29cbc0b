import type { HtpasswdUsers } from "./htpasswd.ts";
import { keyedDigest } from "./keyed-digest.ts";

/**
 * A hash to check for a user who does not exist, so that the time of the answer does not tell who does. It is another
 * user's, always the same one for a name: hashes of all kinds and costs come as often as they do for those who exist.
 * What the check finds is of no interest, and must not be remembered.
 */
export class DecoyHashes {
  #users: HtpasswdUsers = new Map();
  #hashes: readonly string[] = [];

  /** Undefined if there are no users at all, and so nothing to hide. */
  hashFor(user: string, users: HtpasswdUsers): string | undefined {
    if (users !== this.#users) {
      this.#users = users;
      this.#hashes = [...users.values()];
    }
    const number = Number.parseInt(keyedDigest("decoy", user).slice(0, 12), 16);
    return this.#hashes[number % this.#hashes.length];
  }
}
