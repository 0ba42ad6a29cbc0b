import { type Command, Option } from "commander";
import { DEFAULT_CLIENT_STATE_DIRECTORY } from "../state/kept-credentials.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { addLogFlags, collect, type LogFlags, makeCommand, parseMtu } from "./flags.ts";
import { runClient } from "./run-client.ts";

interface ClientFlags extends LogFlags {
  readonly tap?: string;
  readonly address?: readonly string[];
  readonly mtu?: number;
  readonly bridge?: boolean;
  readonly exec?: string;
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
const DIALECTS = {
  auto: ["v2", "v1"],
  v2: ["v2"],
  v1: ["v1"],
} as const satisfies Readonly<Record<string, readonly Dialect[]>>;

const DESCRIPTION = `Joins a network: makes a TAP and carries its Ethernet frames to a server, reconnecting when it must. Needs root.

With an invite from the server's operator there is nothing else to say. What the server gives for it is kept, so that
the same line works again, and later vpn-ws client alone:
  vpn-ws client vpn-ws://vpn.example.com/…

  vpn-ws client --address 10.9.0.2/24 wss://vpn.example.com/vpn

A user and password, as one line user:password, or a token:
  vpn-ws client --auth-file /etc/vpn-ws.auth --address 10.9.0.2/24 wss://vpn.example.com/vpn
  vpn-ws client --token-file /etc/vpn-ws.token --address 10.9.0.2/24 wss://vpn.example.com/vpn`;

/** `vpn-ws client`. */
export function clientCommand(): Command {
  const command = makeCommand("client", "join a network", DESCRIPTION)
    .argument("[url]", "ws:// or wss://host[:port]/path, an invite, or - for one on standard input")
    .option("--tap <name>", "name of the TAP (default: the first free vpn0, vpn1, …)")
    .option("--address <cidr>", "address of the TAP, IPv4 or IPv6, repeatable", collect)
    .option("--mtu <bytes>", "MTU of the TAP (default: 1500)", parseMtu)
    .option("--bridge", "the TAP is bridged to another network: frames may come from any address behind it")
    .option("--exec <command>", "run this in a shell once the TAP is there; its name is in $VPN_WS_TAP")
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
  return addLogFlags(command).action((target: string | undefined, flags: ClientFlags) =>
    runClient({
      target,
      inviteFile: flags.inviteFile,
      stateDir: flags.stateDir,
      pins: flags.pin ?? [],
      tap: flags.tap,
      addresses: flags.address ?? [],
      mtu: flags.mtu,
      bridge: flags.bridge ?? false,
      exec: flags.exec,
      ca: flags.ca,
      key: flags.key,
      crt: flags.crt,
      verify: flags.verify,
      authFile: flags.authFile,
      tokenFile: flags.tokenFile,
      dialects: DIALECTS[flags.protocol],
      logFormat: flags.logFormat,
      logLevel: flags.logLevel,
    }),
  );
}
