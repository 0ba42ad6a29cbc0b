import { randomBytes } from "node:crypto";
import type { HttpChallenge } from "../wire/http-challenge.ts";
import { formatAuthorization, parseBasicCredentials } from "./client-credentials.ts";
import { digestRank, formatDigest } from "./digest-auth.ts";

/** What became of a challenge. */
export type ChallengeVerdict =
  /** We can answer it. */
  | "answerable"
  /** As above, and the proxy says that only the nonce was too old. */
  | "stale"
  /** None of its schemes is ours. */
  | "unsupported";

/**
 * User and password for a proxy. Says who we are as the proxy asks: by Digest if it offers that, else by Basic, and
 * nothing before it has asked, so that a password does not cross the network in clear without need. What it asked for
 * is remembered: the next connection answers at once, with the nonce counted on.
 */
export class ProxyLogin {
  readonly #user: string;
  readonly #password: string;
  #challenge: HttpChallenge | undefined;
  #nonceCount = 0;

  constructor(user: string, password: string) {
    this.#user = user;
    this.#password = password;
  }

  /** From `user:password`; without a colon it is all user. */
  static parse(text: string): ProxyLogin {
    const parts = parseBasicCredentials(text);
    return parts?.kind === "basic" ? new ProxyLogin(parts.user, parts.password) : new ProxyLogin(text, "");
  }

  /** For SOCKS, which has no challenges. Secret. */
  get userAndPassword(): readonly [user: string, password: string] {
    return [this.#user, this.#password];
  }

  /** The value of Proxy-Authorization for a request; undefined before the proxy has asked. Secret. */
  answer(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    const [user, password] = this.userAndPassword;
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") return formatAuthorization({ kind: "basic", user, password });
    this.#nonceCount++;
    const clientNonce = randomBytes(18).toString("base64");
    return formatDigest(challenge, { user, password, method, uri, nonceCount: this.#nonceCount, clientNonce });
  }

  /** Answers nothing before it is asked again: what was answered was wrong. */
  forget(): void {
    this.#challenge = undefined;
  }

  /** Takes the best of the challenges for the answers to come. */
  take(challenges: readonly HttpChallenge[]): ChallengeVerdict {
    const ranked = challenges.map((challenge) => ({ challenge, rank: rankOf(challenge) }));
    const [best] = ranked.filter(({ rank }) => rank >= 0).sort((one, other) => other.rank - one.rank);
    this.#challenge = best?.challenge;
    this.#nonceCount = 0;
    if (best === undefined) return "unsupported";
    return best.challenge.params.get("stale")?.toLowerCase() === "true" ? "stale" : "answerable";
  }
}

/** Any Digest is better than Basic, which says the password. */
function rankOf(challenge: HttpChallenge): number {
  if (challenge.scheme === "basic") return 0;
  const rank = challenge.scheme === "digest" ? digestRank(challenge) : -1;
  return rank < 0 ? -1 : rank + 1;
}
