import { ConfigError } from "../base/errors.ts";
import { type ClientCredentials, isBearerToken, parseBasicCredentials } from "../transport/client-credentials.ts";
import { readFlagFile } from "./files.ts";

const AUTH_VARIABLE = "VPN_WS_AUTH";
const TOKEN_VARIABLE = "VPN_WS_TOKEN";
/** Environment variables whose values are secret: never handed to a child. */
export const SECRET_VARIABLES = [AUTH_VARIABLE, TOKEN_VARIABLE] as const;

export interface CredentialFiles {
  /** `--auth-file`: one line `user:password`. */
  readonly authFile: string | undefined;
  /** `--token-file`: one line with a token. */
  readonly tokenFile: string | undefined;
}

/**
 * What the client shows: from the file that was named, else from VPN_WS_TOKEN, else from VPN_WS_AUTH, else from the URL,
 * where every user of this machine sees it for a moment. Undefined if there is none. Never given as a word of the
 * command line.
 */
export function findCredentials(
  { authFile, tokenFile }: CredentialFiles,
  fromUrl: string | undefined,
): ClientCredentials | undefined {
  if (authFile !== undefined && tokenFile !== undefined) {
    throw new ConfigError("CREDENTIALS_AMBIGUOUS", "--auth-file and --token-file say two things: give one of them.");
  }
  if (tokenFile !== undefined) return readTokenFile("--token-file", tokenFile);
  if (authFile !== undefined) return readLoginFile("--auth-file", authFile);
  const { [TOKEN_VARIABLE]: token, [AUTH_VARIABLE]: auth } = process.env;
  if (token !== undefined) return parseToken(TOKEN_VARIABLE, token);
  if (auth !== undefined) return parseUser(AUTH_VARIABLE, auth);
  return fromUrl === undefined ? undefined : parseBasicCredentials(fromUrl);
}

/** A file that a flag names, with one line `user:password`. */
export function readLoginFile(flag: string, path: string): ClientCredentials {
  return parseUser(path, readFlagFile(flag, path).toString("utf8"));
}

/** A file that a flag names, with one line with a token. */
export function readTokenFile(flag: string, path: string): ClientCredentials {
  return parseToken(path, readFlagFile(flag, path).toString("utf8"));
}

function parseUser(source: string, text: string): ClientCredentials {
  const line = text.replace(/\r?\n$/, "");
  const credentials = /[\r\n]/.test(line) ? undefined : parseBasicCredentials(line);
  if (credentials !== undefined) return credentials;
  throw new ConfigError("CREDENTIALS_INVALID", `${source} does not hold one line of the form user:password.`);
}

function parseToken(source: string, text: string): ClientCredentials {
  const token = text.trim();
  if (isBearerToken(token)) return { kind: "bearer", token };
  throw new ConfigError("CREDENTIALS_INVALID", `${source} does not hold one line with a token and nothing else.`);
}

/** Overwrites what `ps` shows if the command line holds credentials. */
export function hideCommandLine(shown: string): void {
  process.title = shown;
}
