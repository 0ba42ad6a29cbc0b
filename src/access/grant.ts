import type { PortRules } from "../switch/port-rules.ts";

/** What an identity may do here, now. Decided by the policy at admission and again at every reload. */
export interface Grant {
  /** Name of the network it joins. */
  readonly network: string;
  readonly rules: PortRules;
  /** Most sessions of the user at once. */
  readonly sessions: number;
  /** Which session yields if there would be more: the oldest one is closed, or the newest is refused. */
  readonly yields: "oldest" | "newest";
  /** Unix milliseconds when the grant ends; undefined: never. */
  readonly expiresMs: number | undefined;
}

export type GrantDecision =
  | { readonly state: "granted"; readonly grant: Grant }
  /** `reason` is a stable word for logs and for the closing of a session, `message` a sentence that may be shown to the peer. */
  | { readonly state: "denied"; readonly reason: string; readonly message: string };
