import type { Clock } from "../base/clock.ts";
import type { AccessRequest } from "./access-request.ts";
import type { RefusalReason } from "./authenticator.ts";
import type { AuthenticatorChain, ChainOutcome, RefusalDecision } from "./authenticator-chain.ts";
import type { GuessLimiter } from "./guess-limiter.ts";
import type { AuthenticationMethod } from "./identity.ts";
import { isSecretShaped } from "./secret-shape.ts";

export interface CredentialCheckDeps {
  readonly clock: Clock;
  readonly limiter: GuessLimiter;
}

export type CheckOutcome =
  | ChainOutcome
  /** Too many wrong ones came from this address: nothing was looked at. */
  | { readonly state: "blocked"; readonly retryAfterMs: number };

/** Refusals that somebody who tries out credentials gets; who shows an old one of his own is no guesser. */
const GUESSES: ReadonlySet<RefusalReason> = new Set([
  "unknown-user",
  "wrong-password",
  "unknown-token",
  "wrong-signature",
  "wrong-algorithm",
  "malformed",
]);

/** Methods whose credentials somebody could try out. */
const GUESSABLE: ReadonlySet<AuthenticationMethod> = new Set(["htpasswd", "token", "jwt"]);

/** Asks the authenticators who it is, and slows who guesses: the same count for all doors of a server. */
export class CredentialCheck {
  readonly #deps: CredentialCheckDeps;

  constructor(deps: CredentialCheckDeps) {
    this.#deps = deps;
  }

  /** Answers as late as the limiter wants. Never rejects. */
  async check(chain: Pick<AuthenticatorChain, "authenticate">, asked: AccessRequest): Promise<CheckOutcome> {
    const gate = this.#deps.limiter.before(asked.address);
    if (gate.state === "blocked") return gate;
    const outcome = await chain.authenticate(asked);
    if (outcome.state !== "absent") await this.#pause(this.#countGuess(asked.address, outcome));
    return outcome;
  }

  /** How long the answer has to wait. Who showed nothing that could be guessed has not guessed. */
  #countGuess(address: string, outcome: Exclude<ChainOutcome, { readonly state: "absent" }>): number {
    const { limiter } = this.#deps;
    if (outcome.state === "identified") {
      const { method, user } = outcome.identity;
      return GUESSABLE.has(method) ? limiter.after(address, user, true) : 0;
    }
    const wrong = outcome.decisions.filter(({ reason }) => GUESSES.has(reason));
    return wrong.length === 0 ? 0 : limiter.after(address, claimedUser(wrong), false);
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs > 0) await new Promise<void>((resolve) => this.#deps.clock.after(delayMs, resolve));
  }
}

/** Who puts a token where the user goes, as some programs want it, must not find it in the log. */
export function claimedUser(decisions: readonly RefusalDecision[]): string | undefined {
  return decisions.find(({ user }) => user !== undefined && !isSecretShaped(user))?.user;
}

/** Why credentials were refused, for the log. */
export function refusalWords(decisions: readonly RefusalDecision[]): string {
  return decisions.map(({ method, reason }) => `${method}:${reason}`).join(" ");
}

/** Whether some could not be judged: then nobody knows whether they are right. */
export function isUnjudged(decisions: readonly RefusalDecision[]): boolean {
  return decisions.some(({ reason }) => reason === "unavailable");
}
