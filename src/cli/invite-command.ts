import { X509Certificate } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { parseDuration } from "../config/duration.ts";
import { isPrintable } from "../config/schema-fields.ts";
import { readOwnCertificate } from "../state/own-certificate.ts";
import { DEFAULT_STATE_DIRECTORY, StateDirectory } from "../state/state-directory.ts";
import { TOKEN_FILE_NAME, TokenFile } from "../state/token-file.ts";
import { formatInvite, parseInviteUrl } from "../transport/invite.ts";
import { keyPin } from "../transport/key-pin.ts";
import { readFlagFile } from "./files.ts";
import { makeCommand } from "./flags.ts";
import type { CommandOutput } from "./token-command.ts";
import { userArgument } from "./user-argument.ts";

interface InviteFlags {
  readonly url: string;
  readonly network?: string;
  readonly expires?: number;
  readonly tlsCert?: string;
  readonly pin: boolean;
  readonly stateDir: string;
}

const DAY_MS = 86_400_000;
/** An invite that is not used for so long was forgotten, or is in wrong hands. */
const DEFAULT_LIFETIME_MS = 7 * DAY_MS;
/** An invite that lies about for longer is a key under the mat. */
const MAX_LIFETIME_DAYS = 365;

const DESCRIPTION = `Prints one line with which somebody joins: the server's address, the pin of its key, and a token that is good once.

  vpn-ws invite alice --url wss://vpn.example.com:8443/vpn
  vpn-ws client vpn-ws://…                                     on alice's machine

The pin is that of the certificate that the server made for itself. If a web server ends TLS, or the certificate is
another, say --tls-cert FILE; if it comes from a public CA, --no-pin does as well.`;

/** `vpn-ws invite`. */
export function inviteCommand(output: CommandOutput = process): Command {
  return makeCommand("invite", "print one line with which somebody joins", DESCRIPTION)
    .addArgument(userArgument("who joins with it"))
    .requiredOption("--url <url>", "where clients reach the server: wss://host[:port]/path")
    .option("--network <name>", "the one network it is for (default: what the policy says)", parseName)
    .option("--expires <duration>", "how long it can be used: 12h, 7d (default: 7d)", parseLifetime)
    .option("--tls-cert <file>", "the certificate that clients see there, PEM (default: the server's own)")
    .option("--no-pin", "leave the pin away: the certificate comes from a CA that every system trusts")
    .option("--state-dir <directory>", "where the server keeps its state", DEFAULT_STATE_DIRECTORY)
    .action((user: string, flags: InviteFlags) => invite(user, flags, output));
}

/** What is wrong with the flags is told before a token is made. */
async function invite(user: string, flags: InviteFlags, output: CommandOutput): Promise<void> {
  const { isSecure, display } = parseInviteUrl(flags.url);
  const directory = StateDirectory.open(flags.stateDir);
  const pins = isSecure && flags.pin ? [pinOf(flags, directory)] : [];
  const tokens = new TokenFile({ clock: systemClock, nowUnixMs: Date.now }, directory.file(TOKEN_FILE_NAME));
  const expiresMs = Date.now() + (flags.expires ?? DEFAULT_LIFETIME_MS);
  const { record, secret } = await tokens.create({
    user,
    kind: "invite",
    network: flags.network,
    groups: [],
    expiresMs,
    usesLeft: 1,
  });
  const until = new Date(expiresMs).toISOString();
  output.stderr.write(
    `Whoever has this line first joins ${display} as ${user}, until ${until}; send it in private. Token ${record.id}:\n`,
  );
  output.stdout.write(`${formatInvite({ url: flags.url, pins, token: secret })}\n`);
}

function pinOf({ tlsCert, stateDir }: InviteFlags, directory: StateDirectory): string {
  const pem = tlsCert === undefined ? readOwnCertificate(directory) : readFlagFile("--tls-cert", tlsCert);
  if (pem === undefined) {
    throw new ConfigError("OWN_CERTIFICATE_MISSING", `there is no certificate of the server's own in ${stateDir}.`, {
      hint: "Start the server once with an https listener, or say --tls-cert FILE, or --no-pin.",
    });
  }
  try {
    return keyPin(new X509Certificate(pem));
  } catch (cause) {
    throw new ConfigError(
      "TLS_FILES_INVALID",
      `${tlsCert ?? "the server's own certificate"} is no certificate in PEM.`,
      {
        cause,
      },
    );
  }
}

function parseName(text: string): string {
  if (isPrintable(text)) return text;
  throw new InvalidArgumentError("it is no name.");
}

function parseLifetime(text: string): number {
  const lifetimeMs = parseDuration(text) ?? 0;
  if (lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_DAYS * DAY_MS) return lifetimeMs;
  throw new InvalidArgumentError(`it is a number with s, m, h or d, at most ${MAX_LIFETIME_DAYS}d.`);
}
