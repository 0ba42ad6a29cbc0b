import type { SessionConnection } from "./session-connection.ts";

/** What is done to make another connection, beside the one that carries frames; see `Lane`. */
export type Attempt =
  | { readonly state: "none" }
  | { readonly state: "probing"; readonly cancel: () => void }
  | { readonly state: "waiting"; readonly cancel: () => void; readonly isOurs: boolean }
  | { readonly state: "dialing"; readonly abort: AbortController; readonly sinceMs: number }
  | { readonly state: "greeting"; readonly fresh: SessionConnection };

export const NO_ATTEMPT: Attempt = { state: "none" };
