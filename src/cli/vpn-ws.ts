#!/usr/bin/env node
import { Command } from "commander";
import { VERSION } from "../base/version.ts";
import { clientCommand } from "./client-command.ts";
import { legacyServerCommand } from "./legacy-server.ts";
import { runToExit } from "./process-life.ts";
import { serverCommand } from "./server-command.ts";

const LEGACY_HELP = `
The original's command line works as well:
  vpn-ws [--tuntap DEV] [--exec CMD] [--bridge] [--no-broadcast] [--no-multicast] [--uid U] [--gid G] ADDRESS
  vpn-ws-client [--exec CMD] [--key F] [--crt F] [--no-verify] [--bridge] TAP URL`;

function mainCommand(): Command {
  return new Command("vpn-ws")
    .description("An Ethernet VPN inside a WebSocket.")
    .version(VERSION)
    .addCommand(serverCommand())
    .addCommand(clientCommand())
    .addHelpText("after", LEGACY_HELP)
    .showHelpAfterError("Try: vpn-ws --help")
    .exitOverride();
}

/** Whether the words are for the new command line: a command of it, or a question about it. Else they are the original's. */
function isNewForm([first]: readonly string[]): boolean {
  return first === undefined || ["server", "client", "help", "--help", "-h", "--version", "-V"].includes(first);
}

const words = process.argv.slice(2);
const command = isNewForm(words) ? mainCommand() : legacyServerCommand();
await runToExit("vpn-ws", async () => {
  await command.parseAsync(words, { from: "user" });
});
