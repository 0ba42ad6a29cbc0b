import type { ServerUrl } from "../transport/server-url.ts";
import type { WelcomeMessage } from "../wire/control-message.ts";
import type { SessionClaim } from "../wire/session-claim.ts";

/** What the server gave us to come back with. */
export class ClientSession {
  #token: string | undefined;
  #server: ServerUrl | undefined;

  /** The server that has it; undefined if there is none. */
  get server(): ServerUrl | undefined {
    return this.#server;
  }

  /** For the opening of a connection; undefined for a server that does not have the session: it must not see the token. */
  claim(server: ServerUrl, connection: number): SessionClaim | undefined {
    if (this.#token === undefined || server !== this.#server) return undefined;
    return { token: this.#token, connection };
  }

  /** Whether it is this session that the server welcomes us to. */
  isOf(server: ServerUrl, welcome: WelcomeMessage | undefined): boolean {
    return this.#token !== undefined && server === this.#server && welcome?.session?.token === this.#token;
  }

  /** Another session begins; none that could be taken up again for a v1 server, whose welcome is undefined. */
  begin(server: ServerUrl, welcome: WelcomeMessage | undefined): void {
    this.#token = welcome?.session?.token;
    this.#server = this.#token === undefined ? undefined : server;
  }

  /** The next opening is a stranger's. */
  forget(): void {
    this.#token = undefined;
    this.#server = undefined;
  }
}
