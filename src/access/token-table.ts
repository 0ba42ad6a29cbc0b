import { ConfigError } from "../base/errors.ts";
import { hashToken, newTokenId, newTokenSecret, type TokenRecord, tokenState } from "./token.ts";
import type { CreatedToken, NewToken, TokenSelector } from "./token-store.ts";

/** Tokens are made by people, and one per invited client; the whole table is written at each change. */
export const MAX_TOKENS = 10_000;

/** Tokens in memory, in the order they were made: what may be done to them, without where they are kept. */
export class TokenTable {
  readonly #byId = new Map<string, TokenRecord>();
  readonly #byHash = new Map<string, TokenRecord>();

  constructor(records: readonly TokenRecord[] = []) {
    for (const record of records) this.#put(record);
  }

  find(hash: string): TokenRecord | undefined {
    return this.#byHash.get(hash);
  }

  findById(id: string): TokenRecord | undefined {
    return this.#byId.get(id);
  }

  list(): readonly TokenRecord[] {
    return [...this.#byId.values()];
  }

  /** Whether the token was good; if its uses are counted, one was taken. */
  use(id: string, nowUnixMs: number): boolean {
    const record = this.#byId.get(id);
    if (record === undefined || tokenState(record, nowUnixMs) !== "good") return false;
    if (record.usesLeft !== undefined) this.#put({ ...record, usesLeft: record.usesLeft - 1 });
    return true;
  }

  /** A full table forgets tokens that are no good any more. ConfigError `TOKENS_TOO_MANY` if there are none. */
  create(token: NewToken, nowUnixMs: number): CreatedToken {
    if (this.#byId.size >= MAX_TOKENS) this.#forgetDead(nowUnixMs);
    if (this.#byId.size >= MAX_TOKENS) {
      throw new ConfigError("TOKENS_TOO_MANY", `there are ${MAX_TOKENS} tokens already.`, {
        hint: "Revoke those that nobody needs: vpn-ws token list, vpn-ws token revoke ID.",
      });
    }
    const secret = newTokenSecret();
    const { user, kind, network, groups, expiresMs, usesLeft, invite } = token;
    const told = { user, kind, network, groups, expiresMs, usesLeft, invite };
    const record = { ...told, id: this.#freeId(), hash: hashToken(secret), createdMs: nowUnixMs, revokedMs: undefined };
    this.#put(record);
    return { record, secret };
  }

  revoke(which: TokenSelector, nowUnixMs: number): number {
    const named = "id" in which ? this.#byId.get(which.id) : undefined;
    const isMeant = (record: TokenRecord): boolean =>
      "id" in which ? named !== undefined && rootOf(record) === rootOf(named) : record.user === which.user;
    const meant = this.list().filter((record) => isMeant(record) && record.revokedMs === undefined);
    for (const record of meant) this.#put({ ...record, revokedMs: nowUnixMs });
    return meant.length;
  }

  #put(record: TokenRecord): void {
    this.#byId.set(record.id, record);
    this.#byHash.set(record.hash, record);
  }

  #freeId(): string {
    let id = newTokenId();
    while (this.#byId.has(id)) id = newTokenId();
    return id;
  }

  #forgetDead(nowUnixMs: number): void {
    for (const record of this.list()) {
      if (tokenState(record, nowUnixMs) === "good") continue;
      this.#byId.delete(record.id);
      this.#byHash.delete(record.hash);
    }
  }
}

/** The id that an invite and its credential have in common; any other token's is its own. */
function rootOf({ id, invite }: TokenRecord): string {
  return invite ?? id;
}
