import { createHash, randomBytes } from "node:crypto";

/** Nobody guesses 256 bits. In base64url these are the 43 characters of `SESSION_TOKEN`. */
const TOKEN_BYTES = 32;

/**
 * Who holds which session, by its token. They are looked up by their hash: how long a look takes says nothing about the
 * tokens that there are.
 */
export class SessionTokens<Session> {
  readonly #byDigest = new Map<string, Session>();

  /** Tokens that are good. */
  get size(): number {
    return this.#byDigest.size;
  }

  /** A new token for the session. Secret: who has it takes the session over. */
  issue(session: Session): string {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.#byDigest.set(digest(token), session);
    return token;
  }

  find(token: string): Session | undefined {
    return this.#byDigest.get(digest(token));
  }

  /** The token is nobody's from now on. Idempotent. */
  revoke(token: string): void {
    this.#byDigest.delete(digest(token));
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
