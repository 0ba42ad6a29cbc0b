/** What a client shows to be let in. Secret. */
export type ClientCredentials =
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** From `user:password`; the first colon divides, so that a password may hold more. Undefined without a colon. */
export function parseBasicCredentials(text: string): ClientCredentials | undefined {
  const at = text.indexOf(":");
  return at < 0 ? undefined : { kind: "basic", user: text.slice(0, at), password: text.slice(at + 1) };
}

/** The value of the Authorization header (RFC 7617, 2; RFC 6750, 2.1). */
export function formatAuthorization(credentials: ClientCredentials): string {
  if (credentials.kind === "bearer") return `Bearer ${credentials.token}`;
  const { user, password } = credentials;
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** The characters of a bearer token (RFC 6750, 2.1); the longest that fits into a header beside the others. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,4096}={0,2}$/;

/** Whether the text can be sent as a bearer token. */
export function isBearerToken(text: string): boolean {
  return TOKEN.test(text);
}
