/** Challenges of WWW-Authenticate and Proxy-Authenticate (RFC 9110, 11.6.1). */

/** One way to say who we are, as the other side offers it. */
export interface HttpChallenge {
  /** In lower case: `basic`, `digest`, `negotiate`, `ntlm`. */
  readonly scheme: string;
  /** Names in lower case; quotes and escapes are undone. The first of two with the same name counts. */
  readonly params: ReadonlyMap<string, string>;
}

const SEPARATORS = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** What makes a token the name of a parameter: a value behind it. */
const PARAM_VALUE = /[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/y;
/** A parameter whose value is damaged, and no scheme. */
const EQUALS = /[ \t]*=/y;
/** A blob in the place of parameters, as Negotiate and NTLM have it. */
const TOKEN_68 = /[ \t]+[-A-Za-z0-9._~+/]+=*(?=[ \t]*(?:,|$))/y;

/**
 * All challenges of a header whose repetitions were joined with ", ". Total: what cannot be read ends the list, because
 * nobody knows where the next challenge would begin.
 */
export function parseChallenges(header: string): readonly HttpChallenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at += match[0].length;
    return match;
  };
  while (take(SEPARATORS) !== null && at < header.length) {
    const [name] = take(TOKEN) ?? [];
    if (name === undefined) break;
    const value = take(PARAM_VALUE);
    if (value === null) {
      if (take(EQUALS) !== null) break;
      challenges.push({ scheme: name.toLowerCase(), params: new Map() });
      take(TOKEN_68);
      continue;
    }
    const params = challenges.at(-1)?.params;
    if (params === undefined) break;
    const [, quoted, token = ""] = value;
    if (!params.has(name.toLowerCase())) params.set(name.toLowerCase(), quoted?.replace(/\\([\s\S])/g, "$1") ?? token);
  }
  return challenges;
}
