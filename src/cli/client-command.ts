import { type Command, InvalidArgumentError } from "commander";
import { CLIENT_DEFAULTS } from "../client/client-options.ts";
import { DEFAULT_CLIENT_STATE_DIRECTORY } from "../state/kept-credentials.ts";
import { MAX_SESSION_CONNECTIONS } from "../wire/session-claim.ts";
import { CLIENT_SETTINGS_DEFAULTS, type ClientSettings, stated, withConfigFile } from "./client-settings.ts";
import { CONGESTION_HELP, DEFAULT_CONGESTION } from "./congestion.ts";
import { addLogFlags, collect, type LogFlags, makeCommand, parseMtu, unlessDefault } from "./flags.ts";
import { addJoinFlags, type JoinFlags, joinSettings } from "./join-flags.ts";
import { runClient } from "./run-client.ts";
import { addWayFlags, type WayFlags, waySettings } from "./way-flags.ts";

interface ClientFlags extends JoinFlags, WayFlags, LogFlags {
  readonly config?: string;
  readonly tap?: string;
  readonly address?: readonly string[];
  readonly mtu?: number;
  readonly bridge?: boolean;
  readonly exec?: string;
  readonly connections: number | "auto";
  readonly race?: boolean;
  readonly congestion: string;
  readonly pinRoute: boolean;
}

const DESCRIPTION = `Joins a network: makes a TAP and carries its Ethernet frames to a server, reconnecting when it must. Needs root.

With an invite from the server's operator there is nothing else to say. What the server gives for it is kept, so that
the same line works again, and later vpn-ws client alone:
  vpn-ws client vpn-ws://vpn.example.com/…

  vpn-ws client --address 10.9.0.2/24 wss://vpn.example.com/vpn

A user and password, as one line user:password, or a token:
  vpn-ws client --auth-file /etc/vpn-ws.auth --address 10.9.0.2/24 wss://vpn.example.com/vpn
  vpn-ws client --token-file /etc/vpn-ws.token --address 10.9.0.2/24 wss://vpn.example.com/vpn

With all of it in a file, as contrib/config/client.yaml shows:
  vpn-ws client --config /etc/vpn-ws/client.yaml

By a proxy, here or in HTTPS_PROXY:
  vpn-ws client --proxy http://proxy.example.com:3128 --proxy-auth-file /etc/vpn-ws.proxy wss://vpn.example.com/vpn`;

/** `vpn-ws client`. */
export function clientCommand(): Command {
  const command = makeCommand("client", "join a network", DESCRIPTION)
    .argument(
      "[url...]",
      "ws:// or wss://host[:port]/path, several for one network; an invite, or - for one on standard input",
    )
    .option("--config <file>", "configuration file; flags beside it say what is different")
    .option("--tap <name>", "name of the TAP (default: the first free vpn0, vpn1, …)")
    .option("--address <cidr>", "address of the TAP, IPv4 or IPv6, repeatable", collect)
    .option("--mtu <bytes>", "MTU of the TAP (default: 1500, or less if the network has less)", parseMtu)
    .option("--bridge", "the TAP is bridged to another network: frames may come from any address behind it")
    .option("--exec <command>", "run this in a shell once the TAP is there; its name is in $VPN_WS_TAP")
    .option(
      "--connections <count>",
      "parallel connections to the server, 1 to 8, or auto: several where one would be slow",
      parseConnections,
      CLIENT_DEFAULTS.connections,
    )
    .option("--congestion <name>", CONGESTION_HELP, DEFAULT_CONGESTION)
    .option("--race", "dial all servers at once and take the first that answers, not one after the other")
    .option(
      "--no-pin-route",
      "set no routes to the servers' addresses: a default route through the VPN would cut it off",
    );
  return addLogFlags(addWayFlags(addJoinFlags(command))).action((targets, flags, self) =>
    runClient(completeSettings(targets, flags, self)),
  );
}

/** From the flags, and the file if there is one; a flag's default counts as nothing said. */
function completeSettings(targets: readonly string[], flags: ClientFlags, command: Command): ClientSettings {
  const given = <Value>(option: string, value: Value): Value | undefined => unlessDefault(command, option, value);
  const joining = joinSettings(targets, flags);
  const said = stated({
    ...joining,
    ...waySettings(flags),
    verify: given("verify", joining.verify),
    stateDir: given("stateDir", joining.stateDir),
    dialects: given("protocol", joining.dialects),
    race: flags.race,
    connections: given("connections", flags.connections),
    pinRoute: given("pinRoute", flags.pinRoute),
    tap: flags.tap,
    addresses: flags.address,
    mtu: flags.mtu,
    congestion: given("congestion", flags.congestion),
    bridge: flags.bridge,
    exec: flags.exec,
    logFormat: given("logFormat", flags.logFormat),
    logLevel: given("logLevel", flags.logLevel),
  });
  const { config } = flags;
  const defaults = { ...CLIENT_SETTINGS_DEFAULTS, stateDir: DEFAULT_CLIENT_STATE_DIRECTORY };
  return { ...defaults, ...(config === undefined ? said : withConfigFile(config, said)) };
}

function parseConnections(value: string): number | "auto" {
  if (value === "auto") return value;
  const count = /^\d$/.test(value) ? Number(value) : 0;
  if (count >= 1 && count <= MAX_SESSION_CONNECTIONS) return count;
  throw new InvalidArgumentError(`it is a number from 1 to ${MAX_SESSION_CONNECTIONS}, or auto.`);
}
