import { readFileSync } from "node:fs";
import { ConfigError } from "../base/errors.ts";
import { inviteHash, KeptCredentials, type KeptServer } from "../state/kept-credentials.ts";
import { StateDirectory } from "../state/state-directory.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import { type Invite, isInvite, parseInvite } from "../transport/invite.ts";
import { parsePin } from "../transport/key-pin.ts";
import { parseServerUrl, type ServerUrl } from "../transport/server-url.ts";
import { isTrustedPath } from "../transport/trusted-path.ts";
import type { CredentialMessage } from "../wire/control-message.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { type CredentialFiles, findCredentials } from "./credentials.ts";
import { readFlagFile } from "./files.ts";

/** What a command line says about where to go and how to be let in. */
export interface TargetSettings extends CredentialFiles {
  /** A URL, an invite, or `-` for an invite on standard input; undefined: the one server that is kept. */
  readonly target: string | undefined;
  readonly inviteFile: string | undefined;
  readonly pins: readonly string[];
  readonly verify: boolean;
  readonly dialects: readonly Dialect[];
  /** Where servers' credentials are kept; undefined: nowhere, as in the original. */
  readonly stateDir: string | undefined;
}

/** Where a client goes, and what it shows there. */
export interface ClientTarget {
  readonly url: ServerUrl;
  readonly pins: readonly string[];
  readonly credentials: ClientCredentials | undefined;
  readonly dialects: readonly Dialect[];
  /** Keeps the credential that the server gives for what is shown; undefined if it would give none. */
  readonly keep: ((credential: CredentialMessage) => Promise<void>) | undefined;
}

/** Not process.stdin: touching it makes the descriptor non-blocking, and then it cannot be read like a file. */
const STDIN_FD = 0;
const HELP = "Try: vpn-ws client --help";

/** Throws a ConfigError for what does not go together, is not safe, or cannot be read. */
export function findTarget(settings: TargetSettings): ClientTarget {
  const text = inviteText(settings);
  if (text !== undefined) return invitedTarget(settings, parseInvite(text));
  if (settings.target !== undefined) return urlTarget(settings, settings.target);
  return keptTarget(settings);
}

/** The invite, from wherever it comes; undefined if there is none. */
function inviteText({ target, inviteFile }: TargetSettings): string | undefined {
  if (inviteFile !== undefined) {
    if (target === undefined) return readFlagFile("--invite-file", inviteFile).toString("utf8");
    throw new ConfigError("TARGET_AMBIGUOUS", "--invite-file says where to go already: leave the URL away.");
  }
  if (target === "-") return readFileSync(STDIN_FD, "utf8");
  return target !== undefined && isInvite(target) ? target : undefined;
}

/** The one-use token, or what the server has given for it once. */
function invitedTarget(settings: TargetSettings, invite: Invite): ClientTarget {
  const { url: address, pins, token } = invite;
  const url = parseServerUrl(address);
  checkInvite(settings, url, pins);
  const server = { url: address, pins, invite: inviteHash(address, pins, token) };
  // Made now, and not when the token is used up.
  const directory = openState(settings);
  const kept = keptServers(directory).find(({ invite: hash }) => hash === server.invite);
  return {
    url,
    pins,
    credentials: { kind: "bearer", token: kept?.token ?? token },
    // Only v2 has a message for what the token is exchanged for: without it the token would be used up for one connection.
    dialects: ["v2"],
    keep: keeper(() => directory, server),
  };
}

function checkInvite(settings: TargetSettings, url: ServerUrl, pins: readonly string[]): void {
  const conflict = (what: string): ConfigError =>
    new ConfigError("INVITE_CONFLICT", `an invite brings all that is needed: leave ${what} away.`);
  if (settings.authFile !== undefined || settings.tokenFile !== undefined)
    throw conflict("--auth-file and --token-file");
  if (settings.pins.length > 0) throw conflict("--pin");
  if (!settings.dialects.includes("v2")) throw conflict("--protocol v1");
  if (!isTrustedPath(url, { pins, verify: settings.verify })) throw conflict("--no-verify");
}

function urlTarget(settings: TargetSettings, target: string): ClientTarget {
  const url = parseServerUrl(target);
  const pins = settings.pins.map(parsePin);
  if (pins.length > 0 && !url.isSecure) {
    throw new ConfigError("PIN_WITHOUT_TLS", "--pin needs a wss:// URL: without TLS the server shows no key.");
  }
  const { dialects } = settings;
  const credentials = findCredentials(settings, url.credentials);
  if (credentials?.kind !== "bearer") return { url, pins, credentials, dialects, keep: undefined };
  const address = addressOf(url);
  const server = { url: address, pins, invite: inviteHash(address, pins, credentials.token) };
  const kept = keptServers(findState(settings)).find(({ invite }) => invite === server.invite);
  return {
    url,
    pins,
    credentials: { kind: "bearer", token: kept?.token ?? credentials.token },
    dialects,
    // Most tokens are not exchanged for others, so there may be no need of a directory.
    keep: keeper(() => openState(settings), server),
  };
}

/** Without a word about where to go: to the one server that has let us in for good. */
function keptTarget(settings: TargetSettings): ClientTarget {
  const directory = findState(settings);
  const servers = keptServers(directory);
  const [kept] = servers;
  if (directory === undefined || kept === undefined) {
    throw new ConfigError("TARGET_MISSING", "where to? Give the URL of a server, or an invite.", { hint: HELP });
  }
  if (servers.length > 1) {
    const urls = servers.map(({ url }) => parseServerUrl(url).display).join(", ");
    throw new ConfigError("TARGET_AMBIGUOUS", `several servers have let us in: ${urls}.`, {
      hint: "Give the invite of one of them again, or a --state-dir for each.",
    });
  }
  const { url: address, pins, invite, token } = kept;
  const url = parseServerUrl(address);
  checkInvite(settings, url, pins);
  const keep = keeper(() => directory, { url: address, pins, invite });
  return { url, pins, credentials: { kind: "bearer", token }, dialects: ["v2"], keep };
}

/** As it is kept, without user and password. */
function addressOf({ isSecure, hostHeader, path }: ServerUrl): string {
  return `${isSecure ? "wss" : "ws"}://${hostHeader}${path}`;
}

function keptServers(directory: StateDirectory | undefined): readonly KeptServer[] {
  return directory === undefined ? [] : new KeptCredentials(directory).list();
}

function findState({ stateDir }: TargetSettings): StateDirectory | undefined {
  return stateDir === undefined ? undefined : StateDirectory.find(stateDir);
}

function openState({ stateDir }: TargetSettings): StateDirectory {
  if (stateDir !== undefined) return StateDirectory.open(stateDir);
  throw new ConfigError("INVITE_CONFLICT", "the original's command line takes no one-use tokens.", {
    hint: "Use vpn-ws client, which keeps what the server gives for them.",
  });
}

function keeper(open: () => StateDirectory, server: Pick<KeptServer, "url" | "pins" | "invite">): ClientTarget["keep"] {
  return async ({ token, user, expiresMs }) => {
    const expiry = expiresMs === undefined ? {} : { expiresMs };
    await new KeptCredentials(open()).keep({ ...server, token, user, ...expiry });
  };
}
