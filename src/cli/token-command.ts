import { Argument, type Command, InvalidArgumentError } from "commander";
import { isTokenId } from "../access/token.ts";
import type { TokenSelector } from "../access/token-store.ts";
import { systemClock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { parseDuration } from "../config/duration.ts";
import { isPrintable } from "../config/schema-fields.ts";
import { DEFAULT_STATE_DIRECTORY, StateDirectory } from "../state/state-directory.ts";
import { TOKEN_FILE_NAME, TokenFile } from "../state/token-file.ts";
import { collect, makeCommand } from "./flags.ts";
import { formatTokens, formatTokensJson } from "./token-list.ts";
import { userArgument } from "./user-argument.ts";

/** Where a command writes: results to `stdout`, words about them to `stderr`. */
export interface CommandOutput {
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Pick<NodeJS.WritableStream, "write">;
}

interface StateFlags {
  readonly stateDir: string;
}

interface CreateFlags extends StateFlags {
  readonly expires: number | "never";
  readonly network?: string;
  readonly group?: readonly string[];
  readonly uses?: number;
}

interface RevokeFlags extends StateFlags {
  readonly user?: string;
}

/** Longer is "never"; it also keeps dates within what JavaScript can show. */
const MAX_LIFETIME_DAYS = 36_500;
const MAX_LIFETIME_MS = MAX_LIFETIME_DAYS * 86_400_000;

const DESCRIPTION = `Makes, lists and revokes tokens: secrets for programs and people, which a server takes in place of a password.

  vpn-ws token create alice --expires 30d --network lab
  vpn-ws token list
  vpn-ws token revoke 1a2b3c4d`;

const CREATE_DESCRIPTION = `Makes a token and prints its secret, once: only its hash is kept. A running server takes it at once.

A client shows it as bearer token, or as password beside an empty user name:
  (umask 077; echo ":$TOKEN" > /etc/vpn-ws.auth)
  vpn-ws client --auth-file /etc/vpn-ws.auth wss://vpn.example.com/vpn`;

const REVOKE_DESCRIPTION =
  "Ends a token, or all tokens of a user. An invite goes with the credential that was given for it. A running server cuts who came in with it.";

/** `vpn-ws token`. */
export function tokenCommand(output: CommandOutput = process): Command {
  return makeCommand("token", "make, list and revoke tokens", DESCRIPTION)
    .addCommand(createCommand(output))
    .addCommand(listCommand(output))
    .addCommand(revokeCommand(output));
}

function createCommand(output: CommandOutput): Command {
  return subcommand("create", "make a token and print its secret once", CREATE_DESCRIPTION)
    .addArgument(userArgument("whose token it is"))
    .requiredOption("--expires <duration>", "how long it is good: 30m, 12h, 30d; or never", parseLifetime)
    .option("--network <name>", "the one network it is for (default: what the policy says)", parseName)
    .option("--group <name>", "a group that it puts the user in, repeatable", collectName)
    .option("--uses <count>", "how often it lets somebody in (default: as often as one likes)", parseUses)
    .action((user: string, flags: CreateFlags) => create(user, flags, output));
}

function listCommand(output: CommandOutput): Command {
  return subcommand("list", "show all tokens, not their secrets", "Shows all tokens, not their secrets.")
    .option("--json", "as JSON, with times in Unix milliseconds")
    .action(({ stateDir, json }: StateFlags & { readonly json?: boolean }) => {
      const tokens = openTokens(StateDirectory.find(stateDir))?.list() ?? [];
      output.stdout.write(json === true ? formatTokensJson(tokens, Date.now()) : formatTokens(tokens, Date.now()));
    });
}

function revokeCommand(output: CommandOutput): Command {
  return subcommand("revoke", "end a token, or all of a user", REVOKE_DESCRIPTION)
    .addArgument(new Argument("[id]", "the token's id, as shown by: vpn-ws token list"))
    .option("--user <name>", "all tokens of this user")
    .action((id: string | undefined, flags: RevokeFlags) => revoke(id, flags, output));
}

function subcommand(name: string, summary: string, description: string): Command {
  return makeCommand(name, summary, description)
    .showHelpAfterError(`Try: vpn-ws token ${name} --help`)
    .option("--state-dir <directory>", "where the server keeps its state", DEFAULT_STATE_DIRECTORY);
}

async function create(user: string, flags: CreateFlags, output: CommandOutput): Promise<void> {
  const tokens = openTokens(StateDirectory.open(flags.stateDir));
  const { record, secret } = await tokens.create({
    user,
    kind: "token",
    network: flags.network,
    groups: flags.group ?? [],
    expiresMs: flags.expires === "never" ? undefined : Date.now() + flags.expires,
    usesLeft: flags.uses,
  });
  output.stderr.write(`${formatTokens([record], Date.now())}Its secret, which is not kept and not shown again:\n`);
  output.stdout.write(`${secret}\n`);
}

async function revoke(id: string | undefined, { user, stateDir }: RevokeFlags, output: CommandOutput): Promise<void> {
  const which = selectorOf(id, user);
  const tokens = openTokens(StateDirectory.find(stateDir));
  if ("id" in which && tokens?.findById(which.id) === undefined) {
    throw new ConfigError("TOKEN_UNKNOWN", `there is no token ${which.id} in ${stateDir}.`, {
      hint: "See: vpn-ws token list",
    });
  }
  const count = (await tokens?.revoke(which)) ?? 0;
  output.stderr.write(count === 1 ? "1 token was revoked.\n" : `${count} tokens were revoked.\n`);
}

function selectorOf(id: string | undefined, user: string | undefined): TokenSelector {
  if (id !== undefined && user === undefined) {
    if (isTokenId(id)) return { id };
    // It may be the secret.
    throw new ConfigError("TOKEN_ID_INVALID", "that is not the id of a token, which has eight digits and letters.", {
      hint: "See: vpn-ws token list",
    });
  }
  if (id === undefined && user !== undefined) return { user };
  throw new ConfigError("TOKEN_SELECTOR", "say which: the id of a token, or --user USER for all of a user.");
}

function openTokens(directory: StateDirectory): TokenFile;
function openTokens(directory: StateDirectory | undefined): TokenFile | undefined;
function openTokens(directory: StateDirectory | undefined): TokenFile | undefined {
  if (directory === undefined) return undefined;
  return new TokenFile({ clock: systemClock, nowUnixMs: Date.now }, directory.file(TOKEN_FILE_NAME));
}

function parseLifetime(text: string): number | "never" {
  if (text === "never") return text;
  const lifetimeMs = parseDuration(text) ?? 0;
  if (lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS) return lifetimeMs;
  throw new InvalidArgumentError(`it is a number with s, m, h or d, at most ${MAX_LIFETIME_DAYS}d, or never.`);
}

/** Whether there is such a network or group is in the server's configuration, and may change. */
function parseName(text: string): string {
  if (isPrintable(text)) return text;
  throw new InvalidArgumentError("it is no name.");
}

function collectName(text: string, previous: readonly string[] | undefined): readonly string[] {
  return collect(parseName(text), previous);
}

function parseUses(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("it is a number from 1 to 999999.");
}
