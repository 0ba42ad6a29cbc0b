import { errors, type FlattenedJWSInput, type JWTHeaderParameters } from "jose";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { type Fetch, fetchText } from "./bounded-fetch.ts";
import { type JwksSource, JwksUnavailable, type KeySet, parseKeySet } from "./jwks.ts";
import { discoverJwksUrl } from "./oidc-discovery.ts";

/** Where the key set is: at a URL, or where the issuer's OpenID configuration says. */
export type JwksLocation =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "discovery"; readonly issuer: string };

const NOT_FETCHED = "the issuer's keys could not be fetched";

export interface RemoteJwksDeps {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly log: Logger;
}

/** Between two fetches, in milliseconds: tokens with keys that nobody knows must not make us hammer the issuer. */
export const JWKS_COOLDOWN_MS = 30_000;
/** Keys older than this are fetched again, in milliseconds; those at hand are used meanwhile. */
export const JWKS_MAX_AGE_MS = 600_000;
/** Keys older than this are not used, in milliseconds: an issuer that cannot be reached takes no key back. */
export const JWKS_MAX_STALE_MS = 86_400_000;

/**
 * Keys that are fetched when they are first needed, and kept:
 *
 *     none, or stale  fetched first                    ── failed ──► JwksUnavailable
 *     aged            used, and fetched beside         ── failed ──► kept
 *     fresh           used; an unknown key is looked for in a new set, then refused
 *
 * Each fetch waits for the end of the cooldown after the one before, whatever became of that. jose's own
 * createRemoteJWKSet does so after successful ones only, and has no use for keys while the issuer is away.
 */
export class RemoteJwks implements JwksSource {
  readonly #deps: RemoteJwksDeps;
  readonly #location: JwksLocation;
  #keys: { readonly set: KeySet; readonly fetchedMs: number } | undefined;
  #lastFetchMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(deps: RemoteJwksDeps, location: JwksLocation) {
    this.#deps = deps;
    this.#location = location;
  }

  readonly keyFor = async (header: JWTHeaderParameters, token: FlattenedJWSInput) => {
    if (this.#ageMs() > JWKS_MAX_STALE_MS) await this.#refresh();
    else if (this.#ageMs() > JWKS_MAX_AGE_MS) void this.#refresh();
    try {
      return await this.#usable().keyFor(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return await this.#usable().keyFor(header, token);
    }
  };

  /** Asked about everybody who is here, twice a second: so the keys are kept fresh while anybody is. */
  hasKey(keyId: string): boolean {
    if (this.#ageMs() > JWKS_MAX_AGE_MS) void this.#refresh();
    return this.#keys?.set.keyIds.has(keyId) ?? true;
  }

  async ready(): Promise<void> {
    if (this.#keys === undefined) await this.#refresh();
    if (this.#keys === undefined) throw new JwksUnavailable(NOT_FETCHED);
  }

  #ageMs(): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : this.#deps.clock.nowMs() - this.#keys.fetchedMs;
  }

  #usable(): KeySet {
    if (this.#keys === undefined || this.#ageMs() > JWKS_MAX_STALE_MS) {
      throw new JwksUnavailable(NOT_FETCHED);
    }
    return this.#keys.set;
  }

  /** Fetches, unless that was done just now; joins a fetch that is under way. Never rejects. */
  #refresh(): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    if (this.#fetching === undefined && nowMs - this.#lastFetchMs >= JWKS_COOLDOWN_MS) {
      this.#lastFetchMs = nowMs;
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined;
      });
    }
    return this.#fetching ?? Promise.resolve();
  }

  async #fetch(): Promise<void> {
    const { clock, log } = this.#deps;
    const from = this.#name();
    try {
      const set = parseKeySet(await fetchText(this.#deps, await this.#url()));
      this.#keys = { set, fetchedMs: clock.nowMs() };
      log.debug("jwks.fetched", `fetched the keys of ${from}`, { from });
    } catch (error) {
      const reason = reasonOf(error);
      const what = this.#keys === undefined ? "tokens are refused until they can be" : "those at hand are kept";
      log.warn("jwks.unavailable", `cannot fetch the keys of ${from}: ${reason}; ${what}`, { from, reason });
    }
  }

  /** For the log: a query may hold a secret. */
  #name(): string {
    return this.#location.kind === "url" ? this.#location.url.replace(/\?.*$/s, "") : this.#location.issuer;
  }

  async #url(): Promise<string> {
    return this.#location.kind === "url" ? this.#location.url : discoverJwksUrl(this.#deps, this.#location.issuer);
  }
}

/** fetch says "fetch failed", and why in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
