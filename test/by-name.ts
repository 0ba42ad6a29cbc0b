import type { Authenticator } from "../src/access/authenticator.ts";
import type { Identity } from "../src/access/identity.ts";

/** Takes `Bearer NAME` for the user of that name; `revoked` users' credentials are good no more. */
export class ByName implements Authenticator {
  readonly method = "token";
  readonly revoked = new Set<string>();
  redeemed = 0;

  async authenticate(request: { header(name: string): string | undefined }) {
    const [, user, credentialId = ""] = /^Bearer ([a-z]+)(\d*)$/.exec(request.header("authorization") ?? "") ?? [];
    if (user === undefined) return { state: "absent" } as const;
    const identity: Identity = {
      user,
      groups: [],
      method: "token",
      network: undefined,
      expiresMs: undefined,
      credentialId: `${user}${credentialId}`,
    };
    return { state: "identified", identity } as const;
  }

  isStillGood({ credentialId }: Identity): boolean {
    return !this.revoked.has(credentialId ?? "");
  }

  async redeem(): Promise<undefined> {
    this.redeemed++;
    return undefined;
  }
}
