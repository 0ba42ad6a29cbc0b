import type { Clock } from "../../../src/base/clock.ts";
import type { Role } from "../../../src/control/action.ts";
import { RequestProblem } from "./json-requests.ts";
import type { Credentials, ServerApi } from "./server-api.ts";
import { Store } from "./store.ts";

export type SessionState =
  | { readonly state: "unknown" }
  /** `why`: a sentence, if there was a session and it ended. */
  | { readonly state: "out"; readonly why: string | undefined }
  | { readonly state: "in"; readonly name: string; readonly role: Role };

const ASK_AGAIN_MS = 1_000;

/** Who is looking. The server keeps the session; the page has nothing of it but the cookie that it cannot read. */
export class Session {
  readonly state = new Store<SessionState>({ state: "unknown" });
  readonly #api: ServerApi;
  readonly #clock: Clock;

  constructor(api: ServerApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Finds out, at the start; a ticket is good once. Asks on while the server does not answer. */
  async begin(ticket: string | undefined): Promise<void> {
    const refused = ticket === undefined ? undefined : await this.#tryTicket(ticket);
    await this.#ask().catch(() => {});
    const { state } = this.state.value;
    if (state === "out" && refused !== undefined) this.state.set({ state, why: refused });
    if (state === "unknown") this.#clock.after(ASK_AGAIN_MS, () => void this.begin(undefined));
  }

  /** Throws a RequestProblem if the server says no. */
  async logIn(credentials: Credentials): Promise<void> {
    await this.#api.logIn(credentials);
    await this.#ask();
  }

  async logOut(): Promise<void> {
    await this.#api.logOut();
    this.state.set({ state: "out", why: undefined });
  }

  /** The server answered that it does not know who asks. */
  end(): void {
    if (this.state.value.state === "out") return;
    const why = this.state.value.state === "in" ? "Your session has ended. Log in to go on." : undefined;
    this.state.set({ state: "out", why });
  }

  /** Whether there is a session, as far as is known: a server that does not answer has not ended it. */
  async isAlive(): Promise<boolean> {
    await this.#api.session().catch(() => undefined);
    return this.state.value.state === "in";
  }

  async #tryTicket(ticket: string): Promise<string | undefined> {
    try {
      await this.#api.logIn({ ticket });
      return undefined;
    } catch (error) {
      const isUsed = error instanceof RequestProblem && error.status === 401;
      return isUsed ? "That address was used already, or is too old. Ask `vpn-ws dashboard` for a new one." : undefined;
    }
  }

  async #ask(): Promise<void> {
    const { operator } = await this.#api.session();
    this.state.set({ state: "in", name: operator.name, role: operator.role });
  }
}
