import type { KeptSession, SessionStore } from "../src/access/session-store.ts";

/** Keeps logins for a server that only seems to start again. */
export class MemorySessionStore implements SessionStore {
  /** How often something was kept. */
  writes = 0;
  #sessions: readonly KeptSession[] = [];

  load(): readonly KeptSession[] {
    return this.#sessions;
  }

  async keep(sessions: readonly KeptSession[]): Promise<void> {
    this.writes++;
    this.#sessions = sessions;
  }
}
