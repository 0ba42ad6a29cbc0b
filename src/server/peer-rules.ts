import { isDeepStrictEqual } from "node:util";
import type { PortRules } from "../switch/port-rules.ts";

/** What an operator has set for a peer; what is undefined is as the grant says. */
export type RuleOverrides = { readonly [Rule in "isolated" | "up" | "down"]: PortRules[Rule] | undefined };

const NO_OVERRIDES: RuleOverrides = { isolated: undefined, up: undefined, down: undefined };

/** What a peer may do: what its grant says, and above that what an operator has set. They live as long as the peer. */
export class PeerRules {
  /** Puts other rules in force; if it throws, those from before stay. */
  readonly #enforce: (rules: PortRules) => void;
  #granted: PortRules;
  #overrides = NO_OVERRIDES;
  #inForce: PortRules;

  constructor(granted: PortRules, enforce: (rules: PortRules) => void) {
    this.#enforce = enforce;
    this.#granted = granted;
    this.#inForce = granted;
  }

  get inForce(): PortRules {
    return this.#inForce;
  }

  /** Another grant; what an operator has set stays. */
  grant(granted: PortRules): void {
    this.#change(granted, this.#overrides);
  }

  /** What is not named stays as it was set before. */
  override(overrides: Partial<RuleOverrides>): void {
    this.#change(this.#granted, { ...this.#overrides, ...overrides });
  }

  #change(granted: PortRules, overrides: RuleOverrides): void {
    const rules = {
      ...granted,
      isolated: overrides.isolated ?? granted.isolated,
      up: overrides.up ?? granted.up,
      down: overrides.down ?? granted.down,
    };
    // Whoever has a grant of the same words keeps what its budgets have left.
    if (!isDeepStrictEqual(rules, this.#inForce)) this.#enforce(rules);
    this.#inForce = rules;
    this.#granted = granted;
    this.#overrides = overrides;
  }
}
