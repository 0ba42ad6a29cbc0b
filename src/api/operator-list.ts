import type { Identity } from "../access/identity.ts";
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
export function roleOf(identity: Identity, { admins, viewers }: OperatorLists): Role | undefined {
  if (identity.method === "anonymous" || identity.network !== undefined) return undefined;
  if (isListed(identity, admins)) return "admin";
  return isListed(identity, viewers) ? "viewer" : undefined;
}

function isListed({ user, groups }: Identity, names: readonly string[]): boolean {
  return names.some((name) => (name.startsWith("@") ? groups.includes(name.slice(1)) : name === user));
}
