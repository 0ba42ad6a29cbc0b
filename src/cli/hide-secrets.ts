import { isInvite } from "../transport/invite.ts";
import { parseServerUrl } from "../transport/server-url.ts";
import { hideCommandLine } from "./credentials.ts";

/** Before anything else is done: what stands on the command line of `vpn-ws <command>` is there for every user to see. */
export function hideSecrets(command: string, target: string | undefined): void {
  if (target === undefined) return;
  // An invite is a secret, a query may hold a token, and before an @ there may be a password.
  if (isInvite(target)) hideCommandLine(`vpn-ws ${command} vpn-ws:…`);
  else if (/[?@]/.test(target)) hideCommandLine(`vpn-ws ${command} ${parseServerUrl(target).display}`);
}
