import type { CreatedToken, NewToken, TokenSelector, TokenStore } from "../src/access/token-store.ts";
import { TokenTable } from "../src/access/token-table.ts";

/** A token store that keeps nothing. */
export class MemoryTokenStore implements TokenStore {
  readonly #table = new TokenTable();
  readonly #nowUnixMs: () => number;

  constructor(nowUnixMs: () => number) {
    this.#nowUnixMs = nowUnixMs;
  }

  find(hash: string) {
    return this.#table.find(hash);
  }

  findById(id: string) {
    return this.#table.findById(id);
  }

  list() {
    return this.#table.list();
  }

  async use(id: string): Promise<boolean> {
    return this.#table.use(id, this.#nowUnixMs());
  }

  async create(token: NewToken): Promise<CreatedToken> {
    return this.#table.create(token, this.#nowUnixMs());
  }

  async revoke(which: TokenSelector): Promise<number> {
    return this.#table.revoke(which, this.#nowUnixMs());
  }
}
