import { type Command, Option } from "commander";
import { DEFAULT_CLIENT_STATE_DIRECTORY } from "../state/kept-credentials.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { collect } from "./flags.ts";

/** The flags of every command that goes to a server: how to know it, and how to be let in. */
export interface JoinFlags {
  readonly ca?: string;
  readonly key?: string;
  readonly crt?: string;
  readonly verify: boolean;
  readonly pin?: readonly string[];
  readonly authFile?: string;
  readonly tokenFile?: string;
  readonly inviteFile?: string;
  readonly stateDir: string;
  readonly protocol: keyof typeof DIALECTS;
}

/** Which dialects each value of `--protocol` offers. */
export const DIALECTS = {
  auto: ["v2", "v1"],
  v2: ["v2"],
  v1: ["v1"],
} as const satisfies Readonly<Record<string, readonly Dialect[]>>;

export function addJoinFlags(command: Command): Command {
  return command
    .option("--ca <file>", "certificates that sign the server's, PEM (default: the system's list)")
    .option("--crt <file>", "the client's own certificate, PEM")
    .option("--key <file>", "its key, PEM")
    .option(
      "--pin <pin>",
      "the server's key, sha256/…, repeatable; enough by itself, no CA and no name is checked",
      collect,
    )
    .option("--no-verify", "do not check the server's certificate: anyone on the path can read everything")
    .option("--auth-file <file>", "file with user:password for Basic authentication (or set VPN_WS_AUTH)")
    .option("--token-file <file>", "file with a bearer token (or set VPN_WS_TOKEN)")
    .option("--invite-file <file>", "file with an invite")
    .option(
      "--state-dir <directory>",
      "where the credentials are kept that servers give for invites",
      DEFAULT_CLIENT_STATE_DIRECTORY,
    )
    .addOption(
      new Option("--protocol <dialect>", "auto: ours, or the original's where the server knows no other")
        .choices(Object.keys(DIALECTS))
        .default("auto"),
    );
}

/** Their settings, complete. */
export function joinSettings(targets: readonly string[], flags: JoinFlags) {
  return {
    targets,
    inviteFile: flags.inviteFile,
    stateDir: flags.stateDir,
    pins: flags.pin ?? [],
    ca: flags.ca,
    key: flags.key,
    crt: flags.crt,
    verify: flags.verify,
    authFile: flags.authFile,
    tokenFile: flags.tokenFile,
    dialects: DIALECTS[flags.protocol],
  };
}
