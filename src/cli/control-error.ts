import { z } from "zod";
import { ConfigError, PeerError, type VpnError } from "../base/errors.ts";
import { printable } from "../wire/printable.ts";
import type { OperatorTarget } from "./operator-target.ts";

/** Codes of errors that time may heal: a server that is being restarted comes back. */
const PASSING: ReadonlySet<string> = new Set(["CONTROL_UNREACHABLE", "CONTROL_NO_SERVER", "CONTROL_BUSY"]);

/** Whether it makes sense to ask again in a moment. */
export function isPassing(error: unknown): error is PeerError {
  return error instanceof PeerError && PASSING.has(error.code);
}

/** Why no answer came. */
export function unreachable({ display, socketPath }: OperatorTarget, cause: NodeJS.ErrnoException): VpnError {
  const { code = "" } = cause;
  if (code === "EACCES" || code === "EPERM") {
    return new PeerError("CONTROL_DENIED", `we may not look at ${display}.`, {
      cause,
      hint: "Run this as root (sudo), or as the user that it runs as.",
    });
  }
  if (socketPath !== undefined && (code === "ENOENT" || code === "ECONNREFUSED")) {
    const hint = "It has ended, or is being restarted. See: vpn-ws status";
    return new PeerError("CONTROL_UNREACHABLE", `nobody listens at ${display}.`, { cause, hint });
  }
  if (code === "ECONNREFUSED") {
    const hint = "Is the server running, with --control or control.listen for this address?";
    return new PeerError("CONTROL_UNREACHABLE", `nobody listens at ${display}.`, { cause, hint });
  }
  if (/^(?:CERT_|DEPTH_|SELF_|UNABLE_TO_|ERR_TLS_)/.test(code)) {
    const hint = "If the certificate is your own, give it or its authority with --ca FILE.";
    return new PeerError(
      "CONTROL_UNTRUSTED",
      `the certificate of ${display} is not believed: ${printable(cause.message)}.`,
      {
        cause,
        hint,
      },
    );
  }
  return new PeerError("CONTROL_UNREACHABLE", `${display} does not answer: ${printable(cause.message)}.`, { cause });
}

/** RFC 9457, as far as people read it. */
const problemSchema = z.object({ title: z.string().optional(), detail: z.string().optional() });

/** What an answer that is none of success says. */
export function refusal({ display, authorization }: OperatorTarget, status: number, body: string): VpnError {
  const said = sentenceOf(body);
  if (status === 401) {
    return authorization === undefined
      ? new ConfigError("CONTROL_LOGIN", `${display} wants to know who we are.`, {
          hint: "Give --login FILE, a file with one line user:password, or --token FILE.",
        })
      : new ConfigError("CONTROL_LOGIN", `${display} does not take our login.`, {
          hint: "Is it right, and is the user listed in the server's control.admins or control.viewers?",
        });
  }
  if (status === 403) return new PeerError("CONTROL_FORBIDDEN", `${display} does not allow that${said}`);
  if (status === 404) return new PeerError("CONTROL_NOT_FOUND", `${display} does not know that${said}`);
  if (status === 429 || status >= 502) return new PeerError("CONTROL_BUSY", `${display} cannot answer now${said}`);
  return new PeerError("CONTROL_REFUSED", `${display} refused${said === "." ? ` with status ${status}.` : said}`);
}

/** A colon and what the server has to say; just the end of the sentence if it says nothing. */
function sentenceOf(body: string): string {
  try {
    const { title, detail = title } = problemSchema.parse(JSON.parse(body));
    return detail === undefined ? "." : `: ${printable(detail).replace(/\.?$/, ".")}`;
  } catch {
    return ".";
  }
}
