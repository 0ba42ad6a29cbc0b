import { ConfigError } from "../base/errors.ts";
import { readFlagFile } from "./files.ts";

/** Environment variables whose values are secret: never handed to a child. */
export const SECRET_VARIABLES = ["VPN_WS_AUTH"] as const;

/**
 * `user:password` for Basic authentication: from `--auth-file`, else from the variable VPN_WS_AUTH, else from the URL,
 * where every user of this machine sees it for a moment.
 */
export function findCredentials(authFile: string | undefined, fromUrl: string | undefined): string | undefined {
  const source = authFile === undefined ? "VPN_WS_AUTH" : authFile;
  const text =
    authFile === undefined ? process.env.VPN_WS_AUTH : readFlagFile("--auth-file", authFile).toString("utf8");
  if (text === undefined) return fromUrl;
  const credentials = text.replace(/\r?\n$/, "");
  if (!credentials.includes(":") || /[\r\n]/.test(credentials)) {
    throw new ConfigError("CREDENTIALS_INVALID", `${source} does not hold one line of the form user:password.`);
  }
  return credentials;
}

/** Overwrites what `ps` shows if the command line holds credentials. */
export function hideCommandLine(shown: string): void {
  process.title = shown;
}
