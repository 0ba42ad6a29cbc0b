import { describeError, PeerError } from "../base/errors.ts";
import type { Closed } from "../transport/connection.ts";
import { UpgradeRefusedError } from "../transport/dial-error.ts";
import type { ServerUrl } from "../transport/server-url.ts";

/**
 * What became of an attempt, as far as it decides when to try again:
 *
 * - `silent`    nobody answered: trying costs a few packets that reach nobody
 * - `busy`      somebody answered that there is nobody, or not now: a server that is being restarted, or a full one
 * - `denied`    the server knows what it was asked, and says no: people must act first
 */
export type FailureKind = "silent" | "busy" | "denied";

/** Errors of the system behind which nobody has answered. */
const SILENCE: ReadonlySet<string> = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EAI_AGAIN"]);

/**
 * Our own limit was reached; an answer that is no VPN server's; a key that is not the server's; a login that the proxy
 * does not take: many such in a row lock an account.
 */
const KINDS: Readonly<Record<string, FailureKind>> = {
  CONNECT_TIMEOUT: "silent",
  UPGRADE_FAILED: "denied",
  PIN_MISMATCH: "denied",
  PROXY_LOGIN_REFUSED: "denied",
  PROXY_LOGIN_UNKNOWN: "denied",
};

/** Answers of a server, or of the web server before it, that may be others in a moment. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Of several servers, what the one says that gives most hope. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof AggregateError) {
    const kinds = new Set(error.errors.map(failureKind));
    if (kinds.has("busy")) return "busy";
    return kinds.has("silent") ? "silent" : "denied";
  }
  if (error instanceof UpgradeRefusedError) return PASSING.has(error.status) ? "busy" : "denied";
  if (!(error instanceof PeerError)) return SILENCE.has(codeOf(error)) ? "silent" : "busy";
  return KINDS[error.code] ?? failureKind(error.cause);
}

/** Milliseconds that the server asked to wait for; of several servers the least. Undefined if one did not ask. */
export function askedWaitMs(error: unknown): number | undefined {
  if (error instanceof UpgradeRefusedError) return error.retryAfterMs;
  if (!(error instanceof AggregateError)) return undefined;
  const asked = error.errors.map(askedWaitMs);
  const known = asked.filter((ms) => ms !== undefined);
  return known.length < asked.length ? undefined : Math.min(...known);
}

/** For people; a line or two for each server, and for each way in which it failed. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof AggregateError)) return describeError(error);
  return [...new Set(error.errors.map(describeFailure))].join("\n");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A server let us in and thought better of it. */
export function greetingError(server: ServerUrl, { code, reason }: Closed): PeerError {
  const why = reason === "" ? `code ${code}` : reason;
  return new PeerError(
    "GREETING_FAILED",
    `${server.display} let us in and ended the connection before its welcome: ${why}`,
  );
}
