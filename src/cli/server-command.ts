import type { Command } from "commander";
import { parseListenAddress } from "../transport/listen-address.ts";
import { CONGESTION_HELP, DEFAULT_CONGESTION } from "./congestion.ts";
import {
  addAccessFlags,
  addControlFlags,
  addLogFlags,
  collect,
  makeCommand,
  parseMtu,
  type SharedServerFlags,
  sharedServerSettings,
  unlessDefault,
} from "./flags.ts";
import { runServer } from "./run-server.ts";

interface ServerFlags extends SharedServerFlags {
  readonly config?: string;
  readonly listen?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tap?: string;
  readonly address?: readonly string[];
  readonly mtu?: number;
  readonly congestion: string;
  readonly allowBridge?: boolean;
}

const DESCRIPTION = `Runs the switch: every client that connects is a port, and so is the server's own TAP if it has one.

Behind a web server that authenticates (recommended):
  vpn-ws server --listen unix:/run/vpn.sock --tap vpn0 --address 10.9.0.1/24

On its own, for whoever has a token (vpn-ws token) or an invite (vpn-ws invite):
  vpn-ws server --listen https://0.0.0.0:443 --auth tokens --tap vpn0 --address 10.9.0.1/24

For a test on this machine:
  vpn-ws server --listen http://127.0.0.1:8080`;

/** `vpn-ws server`. */
export function serverCommand(): Command {
  const command = makeCommand("server", "run the switch that clients connect to", DESCRIPTION)
    .option(
      "--config <file>",
      "configuration file: who may join which network, and what they may do; see vpn-ws config check",
    )
    .option(
      "--listen <url>",
      "where to listen, repeatable: http://host:port, https://host:port, unix:/path, tcp://host:port; on unix and tcp uwsgi, HTTP and TLS are told apart by themselves",
      collect,
    )
    .option("--tls-cert <file>", "certificate with its chain, PEM (default for https: one of our own, to be pinned)")
    .option("--tls-key <file>", "its key, PEM")
    .option("--tap <name>", "make a TAP of the server's own and attach it to the switch (needs root)")
    .option("--address <cidr>", "address of the TAP, IPv4 or IPv6, repeatable", collect)
    .option("--mtu <bytes>", "MTU of the TAP, and of the network as told to clients (default: 1500)", parseMtu)
    .option("--bridge", "the TAP is bridged to another network: it gets frames for unknown addresses too")
    .option("--congestion <name>", CONGESTION_HELP, DEFAULT_CONGESTION)
    .option("--exec <command>", "run this in a shell once the TAP is there; its name is in $VPN_WS_TAP")
    .option("--no-broadcast", "do not flood broadcast frames: only bridge ports get them")
    .option("--no-multicast", "do not flood multicast frames: only bridge ports get them")
    .option("--uid <user>", "give up root and become this user once everything is open")
    .option("--gid <group>", "and this group; all other groups are given up (default: the user's own)")
    .option("--allow-bridge", "let clients join as bridges: they get frames for unknown addresses and send from any");
  return addLogFlags(addControlFlags(addAccessFlags(command))).action((flags: ServerFlags, self: Command) =>
    runServer({
      config: flags.config,
      isLegacy: false,
      allowBridge: flags.allowBridge ?? false,
      listen: (flags.listen ?? []).map(parseListenAddress),
      tlsCert: flags.tlsCert,
      tlsKey: flags.tlsKey,
      tap: flags.tap,
      addresses: flags.address ?? [],
      mtu: flags.mtu,
      congestion: unlessDefault(self, "congestion", flags.congestion),
      ...sharedServerSettings(flags),
    }),
  );
}
