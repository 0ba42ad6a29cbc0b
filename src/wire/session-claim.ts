/**
 * A client's claim to a session that it has already, in two headers of its opening: the token that the server's welcome
 * gave it, and which of the session's parallel connections this one is. A claim of a connection that is still open takes
 * its place: after a cut line, the server may not know yet that the old one is dead.
 */
export interface SessionClaim {
  /** From `welcome`. Secret: who has it, and the same credentials, takes the session over. */
  readonly token: string;
  /** From 0 to MAX_SESSION_CONNECTIONS − 1. */
  readonly connection: number;
}

/** Parallel connections of one session. More flows at a time gain nothing, and each costs the server a socket. */
export const MAX_SESSION_CONNECTIONS = 8;

/** A token as servers make it: 256 random bits in base64url. */
export const SESSION_TOKEN = /^[A-Za-z0-9_-]{43}$/;

export const SESSION_HEADER = "X-vpn-ws-session";
export const CONNECTION_HEADER = "X-vpn-ws-connection";

/** Why a connection is closed, with code 1000, whose place a claim has taken. */
export const RESUMED = "resumed";

/** Reads both headers; undefined if there is no token, null if either is malformed. No number means connection 0. */
export function parseSessionClaim(
  token: string | undefined,
  connection: string | undefined,
): SessionClaim | undefined | null {
  if (token === undefined) return undefined;
  const number = connection ?? "0";
  if (!SESSION_TOKEN.test(token) || !/^\d$/.test(number) || Number(number) >= MAX_SESSION_CONNECTIONS) return null;
  return { token, connection: Number(number) };
}
