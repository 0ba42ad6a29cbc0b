import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { type ControlPlace, parseControlPath, parseControlPlace } from "../config/control-schema.ts";
import type { AuthenticationConfig } from "../config/server-config.ts";
import { type IpPrefix, parseIpPrefix } from "../wire/ip-prefix.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";
import { parseAuth } from "./server-settings.ts";

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
  readonly stateDir?: string;
  readonly auth?: readonly AuthenticationConfig[];
  readonly trustedProxy?: readonly IpPrefix[];
  readonly socketUser?: readonly string[];
  readonly allowAnonymous?: boolean;
  readonly control?: readonly ControlPlace[];
  readonly controlPath?: string;
  readonly admin?: readonly string[];
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
    stateDir: flags.stateDir,
    auth: flags.auth ?? [],
    trustedProxies: flags.trustedProxy ?? [],
    socketUsers: flags.socketUser ?? [],
    allowAnonymous: flags.allowAnonymous ?? false,
    control: flags.control ?? [],
    controlPath: flags.controlPath,
    admins: flags.admin ?? [],
    logFormat: flags.logFormat,
    logLevel: flags.logLevel,
  };
}

/** The flags that say who may join, on both command lines. */
export function addAccessFlags(command: Command): Command {
  return command
    .option(
      "--auth <method>",
      "who may join, repeatable, asked in this order: tokens, htpasswd=FILE, web-server; more in a configuration file",
      collectAuth,
    )
    .option("--trusted-proxy <cidr>", "whose word about its clients is believed over TCP, repeatable", collectPrefix)
    .option(
      "--socket-user <user>",
      "who may use unix sockets beside root and us, repeatable (default: web servers' users)",
      collect,
    )
    .option(
      "--state-dir <directory>",
      "where tokens, our own certificate and operators' logins are kept (default: /var/lib/vpn-ws)",
    )
    .option("--allow-anonymous", "let everybody in who reaches us, from other machines too");
}

/** The flags that say where operators look at the server and steer it, and who they are. */
export function addControlFlags(command: Command): Command {
  return command
    .option(
      "--control <url>",
      "where operators look at the server and steer it, beside a socket in /run/vpn-ws, repeatable: unix:/path, http://host:port, https://host:port; none: not at that socket",
      collectControl,
    )
    .option("--control-path <path>", "the same below this path of every --listen, e.g. /admin", parsePath)
    .option("--admin <user>", "who may steer it, of those whom --auth knows, or @group; repeatable", collect);
}

function collectControl(value: string, previous: readonly ControlPlace[] = []): readonly ControlPlace[] {
  const place = parseControlPlace(value);
  if (place === undefined) throw new InvalidArgumentError("it is unix:/path, http://…, https://… or none.");
  return [...previous, place];
}

function parsePath(value: string): string {
  const path = parseControlPath(value);
  if (path === undefined) throw new InvalidArgumentError("it is a path such as /admin.");
  return path;
}

function collectAuth(value: string, previous: readonly AuthenticationConfig[] = []): readonly AuthenticationConfig[] {
  const auth = parseAuth(value);
  if (auth === undefined) throw new InvalidArgumentError("it is tokens, web-server or htpasswd=FILE.");
  return [...previous, auth];
}

function collectPrefix(value: string, previous: readonly IpPrefix[] = []): readonly IpPrefix[] {
  const prefix = parseIpPrefix(value);
  if (prefix === undefined) throw new InvalidArgumentError("it is an address or a prefix such as 10.0.0.0/8.");
  return [...previous, prefix];
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

/** A flag's value; undefined if nobody gave it, so that a configuration file may say it. */
export function unlessDefault<Value>(command: Command, option: string, value: Value): Value | undefined {
  return command.getOptionValueSource(option) === "default" ? undefined : value;
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
