import type { AccessRequest } from "../src/access/access-request.ts";
import type { AuthenticationOutcome, Authenticator } from "../src/access/authenticator.ts";
import { parseAuthorization } from "../src/access/authorization.ts";
import type { Identity } from "../src/access/identity.ts";

/** Takes users and passwords that a test may change. */
export class PasswordTable implements Authenticator {
  readonly method = "htpasswd";
  readonly passwords: Map<string, string>;
  /** Groups of every user. */
  readonly groups: string[] = [];
  /** For which all credentials are, if for one only. */
  network: string | undefined;
  /** Rejects if a login cannot be judged. */
  unsealing = async (): Promise<void> => {};

  constructor(passwords: Readonly<Record<string, string>>) {
    this.passwords = new Map(Object.entries(passwords));
  }

  async authenticate(request: AccessRequest): Promise<AuthenticationOutcome> {
    const shown = parseAuthorization(request.header("authorization"));
    if (shown.state !== "basic") return { state: "absent" };
    const { user, password } = shown;
    if (this.passwords.get(user) !== password) return { state: "refused", reason: "wrong-password", user };
    const nothing = { network: this.network, expiresMs: undefined, credentialId: password };
    return { state: "identified", identity: { user, groups: this.groups, method: this.method, ...nothing } };
  }

  async unseal(sealed: Identity): Promise<Identity> {
    await this.unsealing();
    return sealed;
  }

  isStillGood({ user, credentialId }: Identity): boolean {
    return this.passwords.get(user) === credentialId;
  }
}
