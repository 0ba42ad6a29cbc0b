import type { AccessRequest, FrontWord } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator } from "./authenticator.ts";
import { commonNames } from "./distinguished-name.ts";
import { isForeignUser } from "./foreign-name.ts";
import type { Identity } from "./identity.ts";

export interface WebServerOptions {
  /** What of a client certificate's subject is the user, if the web server names none: its common name, or all of it. */
  readonly certificateUser: "common-name" | "subject";
}

export const WEB_SERVER_DEFAULTS: WebServerOptions = { certificateUser: "common-name" };

/** A web server says no more than the user. */
const NOTHING_MORE: Omit<Identity, "user"> = {
  groups: [],
  method: "web-server",
  network: undefined,
  expiresMs: undefined,
  credentialId: "",
};

/**
 * Takes the word of a trusted web server: the user it authenticated, else the subject of the certificate it verified.
 *
 * A user name with a comma is refused: a header that came twice looks like that, and then one of the two was not the
 * web server's. The name of a certificate is judged by its own rules, where a comma is quoted or separates.
 */
export class WebServerAuthenticator implements Authenticator {
  readonly method = "web-server";
  readonly #options: WebServerOptions;

  constructor(options: WebServerOptions) {
    this.#options = options;
  }

  async authenticate({ front }: AccessRequest): Promise<AuthenticationOutcome> {
    if (front === undefined || (front.user === "" && front.distinguishedName === "")) return { state: "absent" };
    const user = this.#userOf(front);
    if (user === undefined) return { state: "refused", reason: "no-user", user: undefined };
    return { state: "identified", identity: { ...NOTHING_MORE, user } };
  }

  /** The web server decides at each request; in between there is nobody to ask. */
  isStillGood(): boolean {
    return true;
  }

  #userOf({ user, distinguishedName }: FrontWord): string | undefined {
    if (user !== "") return isForeignUser(user) && !user.includes(",") ? user : undefined;
    const names = commonNames(distinguishedName);
    if (names === undefined) return undefined;
    if (this.#options.certificateUser === "subject")
      return isForeignUser(distinguishedName) ? distinguishedName : undefined;
    const [name = "", ...others] = names;
    return others.length === 0 && isForeignUser(name) ? name : undefined;
  }
}
