/** What the claims of a verified token say about its user. The issuer vouches for them, not for their shape. */
import { isForeignName, isForeignUser } from "./foreign-name.ts";

export type Claims = Readonly<Record<string, unknown>>;

/** More would be cut by most issuers, and a policy that denies a group must not miss it: more is a fault. */
export const MAX_GROUPS = 100;

/** The user's name; undefined if there is none that could be used. */
export function userOfClaims(claims: Claims, claim: string): string | undefined {
  const user = claimAt(claims, claim);
  if (typeof user !== "string" || !isForeignUser(user)) return undefined;
  // Whoever may register any address at the issuer would be its owner (OpenID Connect Core, 5.1).
  const isUnverified = claim === "email" && "email_verified" in claims && String(claims.email_verified) !== "true";
  return isUnverified ? undefined : user;
}

/** The user's groups, from an array of names or names with spaces between; none if the claim is absent, undefined if it is malformed. */
export function groupsOfClaims(claims: Claims, claim: string): readonly string[] | undefined {
  const value = claimAt(claims, claim) ?? [];
  const names: unknown = typeof value === "string" ? value.split(" ").filter((name) => name !== "") : value;
  if (!Array.isArray(names) || names.length > MAX_GROUPS) return undefined;
  return names.every((name): name is string => typeof name === "string" && isForeignName(name)) ? names : undefined;
}

/**
 * The claim of that name (which may hold dots, as `https://example.org/groups` does), else the one at that path, such as
 * `realm_access.roles`.
 */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Claims)[step];
  }
  return value;
}
