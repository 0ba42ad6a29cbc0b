import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";

/** Flags that several commands have, and how their values are checked. */

export interface LogFlags {
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** The flags that `vpn-ws server` shares with the original's command line. */
export interface SharedServerFlags extends LogFlags {
  readonly exec?: string;
  readonly bridge?: boolean;
  readonly broadcast: boolean;
  readonly multicast: boolean;
  readonly uid?: string;
  readonly gid?: string;
  readonly allowAnonymous?: boolean;
}

/** Their settings, complete. */
export function sharedServerSettings(flags: SharedServerFlags) {
  return {
    bridge: flags.bridge ?? false,
    exec: flags.exec,
    broadcast: flags.broadcast,
    multicast: flags.multicast,
    uid: flags.uid,
    gid: flags.gid,
    allowAnonymous: flags.allowAnonymous ?? false,
    logFormat: flags.logFormat,
    logLevel: flags.logLevel,
  };
}

/** Collects a flag that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** The kernel's bounds for a TAP: 68 bytes is the least IPv4 asks for (RFC 791). */
export function parseMtu(value: string): number {
  const mtu = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (mtu < 68 || mtu > 65_521) throw new InvalidArgumentError("it is a number from 68 to 65521.");
  return mtu;
}

export function addLogFlags(command: Command): Command {
  return command
    .addOption(new Option("--log-format <format>", "lines for people, or JSON").choices(LOG_FORMATS).default("pretty"))
    .addOption(new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"));
}

/** A command that shows its errors in one line, with a pointer to its help. */
export function makeCommand(name: string, summary: string, description: string): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .showHelpAfterError(`Try: vpn-ws ${name} --help`)
    .allowExcessArguments(false)
    .exitOverride();
}

export const urlArgument = (): Argument => new Argument("<url>", "ws://host[:port]/path or wss://host[:port]/path");
