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
  /** URLs of one network; or an invite, or `-` for one on standard input, alone; none: the one server that is kept. */
  readonly targets: readonly string[];
  readonly inviteFile: string | undefined;
  readonly pins: readonly string[];
  readonly verify: boolean;
  readonly dialects: readonly Dialect[];
  /** Where servers' credentials are kept; undefined: nowhere, as in the original. */
  readonly stateDir: string | undefined;
}

/** Where a client goes, and what it shows there. */
export interface ClientTarget {
  /** At least one, the favourite first. What follows is for all of them. */
  readonly servers: readonly [ServerUrl, ...ServerUrl[]];
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
  const [first, ...others] = settings.targets;
  return first === undefined ? keptTarget(settings) : urlTarget(settings, [first, ...others]);
}

/** The invite, from wherever it comes; undefined if there is none. */
function inviteText({ targets, inviteFile }: TargetSettings): string | undefined {
  if (inviteFile !== undefined) {
    if (targets.length === 0) return readFlagFile("--invite-file", inviteFile).toString("utf8");
    throw new ConfigError("TARGET_AMBIGUOUS", "--invite-file says where to go already: leave the URL away.");
  }
  const invite = targets.find((target) => target === "-" || isInvite(target));
  if (invite !== undefined && targets.length > 1) {
    throw new ConfigError("TARGET_AMBIGUOUS", "an invite says where to go already: leave the other URLs away.");
  }
  return invite === "-" ? readFileSync(STDIN_FD, "utf8") : invite;
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
    servers: [url],
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

function urlTarget(settings: TargetSettings, targets: readonly [string, ...string[]]): ClientTarget {
  const [first, ...others] = targets;
  const servers = [parseServerUrl(first), ...others.map(parseServerUrl)] as const;
  const pins = settings.pins.map(parsePin);
  if (pins.length > 0 && servers.some(({ isSecure }) => !isSecure)) {
    throw new ConfigError("PIN_WITHOUT_TLS", "--pin needs a wss:// URL: without TLS the server shows no key.");
  }
  const { dialects } = settings;
  const credentials = findCredentials(settings, credentialsIn(servers));
  if (credentials?.kind !== "bearer") return { servers, pins, credentials, dialects, keep: undefined };
  // All servers are one network: what one of them gives for the token is good at each.
  const address = addressOf(servers[0]);
  const server = { url: address, pins, invite: inviteHash(address, pins, credentials.token) };
  const kept = keptServers(findState(settings)).find(({ invite }) => invite === server.invite);
  return {
    servers,
    pins,
    credentials: { kind: "bearer", token: kept?.token ?? credentials.token },
    dialects,
    // Most tokens are not exchanged for others, so there may be no need of a directory.
    keep: keeper(() => openState(settings), server),
  };
}

/** User and password of the URLs; the same for all, because a session is one user's. */
function credentialsIn(servers: readonly ServerUrl[]): string | undefined {
  const [first, other] = new Set(servers.flatMap(({ credentials }) => credentials ?? []));
  if (other === undefined) return first;
  throw new ConfigError("CREDENTIALS_AMBIGUOUS", "the URLs name different users or passwords.", {
    hint: "All servers are ways into one network: give one user, best with --auth-file.",
  });
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
  return { servers: [url], pins, credentials: { kind: "bearer", token }, dialects: ["v2"], keep };
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
