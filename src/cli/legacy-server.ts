import { Command } from "commander";
import { ConfigError } from "../base/errors.ts";
import { type ListenAddress, parseLegacyAddress } from "../transport/listen-address.ts";
import { addAccessFlags, addControlFlags, addLogFlags, type SharedServerFlags, sharedServerSettings } from "./flags.ts";
import { runServer } from "./run-server.ts";

interface LegacyServerFlags extends SharedServerFlags {
  readonly tuntap?: string;
}

/** Words that are a client's may hold a secret: they are not repeated. */
function parseListener(address: string): ListenAddress {
  if (!/^\s*(vpn-ws|wss?):/i.test(address)) return parseLegacyAddress(address);
  throw new ConfigError("LISTEN_ADDRESS_INVALID", "that is where a client goes, and no address to listen on.", {
    hint: "To join, put the word client in front of it: vpn-ws client …",
  });
}

/** `vpn-ws [options] ADDRESS`, the original's server command line. */
export function legacyServerCommand(): Command {
  const command = new Command("vpn-ws")
    .description("The original's command line: vpn-ws [options] ADDRESS. See vpn-ws --help for the new one.")
    .argument("<address>", "unix socket path, host:port, :port or [ipv6]:port for the web server to connect to")
    .option("--tuntap <device>", "create the TAP and attach it to the switch")
    .option("--exec <cmd>", "run the command once the TAP is there")
    .option("--bridge", "bridge mode: frames for unknown addresses go to the TAP")
    .option("--no-broadcast", "do not flood broadcast")
    .option("--no-multicast", "do not flood multicast")
    .option("--uid <user>", "drop privileges to this user")
    .option("--gid <group>", "drop privileges to this group")
    .allowExcessArguments(false)
    .showHelpAfterError("Try: vpn-ws --help")
    .exitOverride();
  return addLogFlags(addControlFlags(addAccessFlags(command))).action((address: string, flags: LegacyServerFlags) =>
    runServer({
      config: undefined,
      isLegacy: true,
      allowBridge: true,
      listen: [parseListener(address)],
      tlsCert: undefined,
      tlsKey: undefined,
      tap: flags.tuntap,
      addresses: [],
      mtu: undefined,
      congestion: undefined,
      ...sharedServerSettings(flags),
    }),
  );
}
