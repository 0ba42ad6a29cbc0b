import type { Identity } from "../access/identity.ts";
import type { Policy } from "../access/policy.ts";
import type { Role } from "../control/action.ts";

/** Who may look and steer: names of users, and of groups with `@` in front. Joining rights are others. */
export interface OperatorLists {
  readonly admins: readonly string[];
  readonly viewers: readonly string[];
}

/**
 * What somebody may do whom the authenticators know; undefined: nothing. Nobody is an operator without a name, nor with
 * credentials that were made for joining one network.
 */
export function roleOf(
  identity: Identity,
  policy: Pick<Policy, "isIn">,
  { admins, viewers }: OperatorLists,
): Role | undefined {
  if (identity.method === "anonymous" || identity.network !== undefined) return undefined;
  const isListed = (names: readonly string[]): boolean =>
    names.some((name) => (name.startsWith("@") ? policy.isIn(identity, name.slice(1)) : name === identity.user));
  if (isListed(admins)) return "admin";
  return isListed(viewers) ? "viewer" : undefined;
}
