import type { PortRules } from "../switch/port-rules.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";

/**
 * What one level of the policy (everybody, a group, a user) says. A key that is absent leaves the matter to the level
 * below; a key that is present with `undefined` lifts what that level says ("any", "unlimited", "never").
 */
export interface PolicyRules extends Partial<{ [Name in keyof PortRules]: PortRules[Name] | undefined }> {
  /** Names of the networks that may be joined; the first is the one that is joined if nothing else chooses. */
  readonly networks?: readonly string[] | undefined;
  readonly sessions?: number | undefined;
  readonly yields?: "oldest" | "newest" | undefined;
  /** Unix milliseconds. */
  readonly expiresMs?: number | undefined;
  /** Where peers may come from; undefined: from anywhere. */
  readonly from?: readonly IpPrefix[] | undefined;
  readonly deny?: boolean | undefined;
}

export interface PolicyNetwork {
  readonly name: string;
  /** The path of the requests that choose it, e.g. `/office`; undefined: none does. */
  readonly path: string | undefined;
}

export interface PolicyGroup {
  readonly name: string;
  readonly members: readonly string[];
  readonly rules: PolicyRules;
}

interface PolicyUser {
  readonly name: string;
  readonly rules: PolicyRules;
}

/** The whole policy, as the configuration file says it. */
export interface PolicyData {
  readonly networks: readonly PolicyNetwork[];
  readonly defaults: PolicyRules;
  /** The rules of a later group replace those of an earlier one. */
  readonly groups: readonly PolicyGroup[];
  readonly users: readonly PolicyUser[];
}
