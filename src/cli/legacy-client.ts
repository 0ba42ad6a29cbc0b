import { Command } from "commander";
import { CLIENT_SETTINGS_DEFAULTS } from "./client-settings.ts";
import { addLogFlags, type LogFlags, urlArgument } from "./flags.ts";
import { runClient } from "./run-client.ts";

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
      ...CLIENT_SETTINGS_DEFAULTS,
      targets: [url],
      tap,
      bridge: flags.bridge ?? false,
      exec: flags.exec,
      // Who comes from the original sets routes in scripts.
      pinRoute: false,
      key: flags.key,
      crt: flags.crt,
      verify: flags.verify,
      logFormat: flags.logFormat,
      logLevel: flags.logLevel,
    }),
  );
}
