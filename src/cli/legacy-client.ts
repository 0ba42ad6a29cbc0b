import { Command } from "commander";
import { CLIENT_DEFAULTS } from "../client/client-options.ts";
import { addLogFlags, type LogFlags, urlArgument } from "./flags.ts";
import { runClient } from "./run-client.ts";
import { WAY_SETTINGS_DEFAULTS } from "./way-settings.ts";

interface LegacyClientFlags extends LogFlags {
  readonly exec?: string;
  readonly key?: string;
  readonly crt?: string;
  readonly verify: boolean;
  readonly bridge?: boolean;
}

/** `vpn-ws-client [options] TAP URL`, the original's client command line. */
export function legacyClientCommand(): Command {
  const command = new Command("vpn-ws-client")
    .description("The original's client command line. See vpn-ws client --help for the new one.")
    .argument("<tap>", "name of the TAP to create")
    .addArgument(urlArgument())
    .option("--exec <cmd>", "run the command once the TAP is there")
    .option("--key <file>", "the client's key, PEM")
    .option("--crt <file>", "the client's certificate, PEM")
    .option("--no-verify", "do not check the server's certificate")
    .option("--bridge", "the TAP is bridged to another network")
    .allowExcessArguments(false)
    .showHelpAfterError("Try: vpn-ws-client --help")
    .exitOverride();
  return addLogFlags(command).action((tap: string, url: string, flags: LegacyClientFlags) =>
    runClient({
      ...WAY_SETTINGS_DEFAULTS,
      targets: [url],
      inviteFile: undefined,
      stateDir: undefined,
      pins: [],
      tap,
      addresses: [],
      mtu: undefined,
      bridge: flags.bridge ?? false,
      exec: flags.exec,
      connections: CLIENT_DEFAULTS.connections,
      race: CLIENT_DEFAULTS.race,
      // Who comes from the original sets routes in scripts.
      pinRoute: false,
      ca: undefined,
      key: flags.key,
      crt: flags.crt,
      verify: flags.verify,
      authFile: undefined,
      tokenFile: undefined,
      dialects: ["v2", "v1"],
      logFormat: flags.logFormat,
      logLevel: flags.logLevel,
    }),
  );
}
