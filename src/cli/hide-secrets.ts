import { isInvite } from "../transport/invite.ts";
import { parseServerUrl } from "../transport/server-url.ts";
import { hideCommandLine } from "./credentials.ts";

/** What of a command line may be secret. */
export interface SecretWords {
  readonly targets: readonly string[];
  readonly proxy: string | undefined;
  readonly headers: readonly unknown[];
}

/** Before anything else is done: what stands on the command line of `vpn-ws <command>` is there for every user to see. */
export function hideSecrets(command: string, { targets, proxy, headers }: SecretWords): void {
  // An invite is a secret, a query may hold a token, before an @ there may be a password, and a header may be one.
  const isSecret = targets.some((target) => isInvite(target) || /[?@]/.test(target));
  if (!isSecret && !proxy?.includes("@") && headers.length === 0) return;
  const shown = targets.map((target) =>
    isInvite(target) || target === "-" ? "vpn-ws:…" : parseServerUrl(target).display,
  );
  hideCommandLine([`vpn-ws ${command}`, ...shown].join(" "));
}
