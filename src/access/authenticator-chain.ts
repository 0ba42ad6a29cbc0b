import type { Clock } from "../base/clock.ts";
import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import type { AuthenticationMethod, Identity } from "./identity.ts";

/** One authenticator's no, to be logged. */
export interface RefusalDecision {
  readonly method: AuthenticationMethod;
  readonly reason: RefusalReason;
  /** Whom the credentials claimed to be, in a stranger's words; undefined if they did not say. */
  readonly user: string | undefined;
}

export type ChainOutcome =
  | { readonly state: "identified"; readonly identity: Identity }
  /** There were credentials, and none of them were good: at least one decision, in the order they were made. */
  | { readonly state: "refused"; readonly decisions: readonly RefusalDecision[] }
  /** There were no credentials that anybody here knows. */
  | { readonly state: "absent" };

export interface ChainDeps {
  readonly clock: Clock;
  /** An authenticator failed by a fault of ours, or took too long (`error` is undefined). The error's text may hold secrets. */
  readonly onFault: (method: AuthenticationMethod, error: unknown) => void;
}

/** For all authenticators together, in milliseconds: below the 10 s that a client gives an upgrade. */
export const AUTHENTICATION_TIMEOUT_MS = 8_000;

/**
 * Asks authenticators in their order until one knows who it is. Credentials that one refuses may be another's (a Basic
 * password is one of htpasswd or a token), but who showed any that were refused is never let in as anonymous: that
 * authenticator is asked last, and only if all others found nothing. A failure of ours is a refusal.
 */
export class AuthenticatorChain {
  readonly #deps: ChainDeps;
  readonly #authenticators: readonly Authenticator[];

  constructor(deps: ChainDeps, authenticators: readonly Authenticator[]) {
    this.#deps = deps;
    const isAnonymous = ({ method }: Authenticator): boolean => method === "anonymous";
    this.#authenticators = [
      ...authenticators.filter((one) => !isAnonymous(one)),
      ...authenticators.filter(isAnonymous),
    ];
  }

  /** Never rejects. */
  async authenticate(request: AccessRequest): Promise<ChainOutcome> {
    let cancel = (): void => {};
    const timeout = new Promise<"timeout">((resolve) => {
      cancel = this.#deps.clock.after(AUTHENTICATION_TIMEOUT_MS, () => resolve("timeout"));
    });
    try {
      return await this.#askAll(request, timeout);
    } finally {
      cancel();
    }
  }

  /** Whether an identity that the chain gave would still be given; false if nobody here gives such any more. */
  isStillGood(identity: Identity, nowMs: number): boolean {
    return this.#authenticators.some((one) => this.#isGood(one, identity, nowMs));
  }

  /**
   * An identity of the chain as a file may hold it, for `unseal` in another process. `key` is random, and kept nowhere:
   * without it the file tells nothing of passwords, not even by guessing. Undefined if it is not good any more.
   */
  seal(identity: Identity, key: string, nowMs: number): Identity | undefined {
    const authenticator = this.#authenticators.find((one) => this.#isGood(one, identity, nowMs));
    return authenticator === undefined ? undefined : (authenticator.seal?.(identity, key) ?? identity);
  }

  /**
   * What was sealed with that key, by this process or one before it, if it is still good; undefined if it is not, and
   * "unavailable" if nobody can say so at the moment. Never rejects.
   */
  async unseal(sealed: Identity, key: string, nowMs: number): Promise<Identity | "unavailable" | undefined> {
    let isJudged = true;
    for (const one of this.#authenticators.filter(({ method }) => method === sealed.method)) {
      try {
        const identity = await one.unseal?.(sealed, key, nowMs);
        const found = one.unseal === undefined ? sealed : identity;
        if (found !== undefined && one.isStillGood(found, nowMs)) return found;
      } catch (error) {
        this.#deps.onFault(one.method, error);
        isJudged = false;
      }
    }
    return isJudged ? undefined : "unavailable";
  }

  /**
   * Takes what an identity of the chain costs, as the last step before it comes in: what is refused for another reason
   * must not have cost an invite. Undefined, or why it cannot be had. Never rejects; a failure of ours is a refusal.
   */
  async redeem(identity: Identity): Promise<RefusalDecision | undefined> {
    const { method, user } = identity;
    const authenticator = this.#authenticators.find((one) => one.method === method);
    try {
      const reason = await authenticator?.redeem?.(identity);
      return reason === undefined ? undefined : { method, reason, user };
    } catch (error) {
      this.#deps.onFault(method, error);
      return { method, reason: "unavailable", user };
    }
  }

  #isGood(one: Authenticator, identity: Identity, nowMs: number): boolean {
    try {
      return one.method === identity.method && one.isStillGood(identity, nowMs);
    } catch (error) {
      this.#deps.onFault(one.method, error);
      return false;
    }
  }

  async #askAll(request: AccessRequest, timeout: Promise<"timeout">): Promise<ChainOutcome> {
    const decisions: RefusalDecision[] = [];
    for (const authenticator of this.#authenticators) {
      const { method } = authenticator;
      if (method === "anonymous" && decisions.length > 0) break;
      const outcome = await Promise.race([this.#ask(authenticator, request), timeout]);
      if (outcome === "timeout") return this.#timedOut(method, decisions);
      if (outcome.state === "identified") return outcome;
      if (outcome.state === "refused") decisions.push({ method, reason: outcome.reason, user: outcome.user });
    }
    return decisions.length > 0 ? { state: "refused", decisions } : { state: "absent" };
  }

  async #ask(authenticator: Authenticator, request: AccessRequest): Promise<AuthenticationOutcome> {
    try {
      return await authenticator.authenticate(request);
    } catch (error) {
      this.#deps.onFault(authenticator.method, error);
      return { state: "refused", reason: "unavailable", user: undefined };
    }
  }

  #timedOut(method: AuthenticationMethod, decisions: readonly RefusalDecision[]): ChainOutcome {
    this.#deps.onFault(method, undefined);
    return { state: "refused", decisions: [...decisions, { method, reason: "unavailable", user: undefined }] };
  }
}
