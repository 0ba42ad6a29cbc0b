import type { AuthenticationOutcome, Authenticator } from "./authenticator.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";

const IDENTITY: Identity = {
  user: ANONYMOUS,
  groups: [],
  method: "anonymous",
  network: undefined,
  expiresMs: undefined,
  credentialId: "",
};

/** Lets everybody in under one name. A chain asks it last, and only about requests without credentials. */
export class AnonymousAuthenticator implements Authenticator {
  readonly method = "anonymous";

  async authenticate(): Promise<AuthenticationOutcome> {
    return { state: "identified", identity: IDENTITY };
  }

  isStillGood(): boolean {
    return true;
  }
}
