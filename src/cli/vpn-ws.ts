#!/usr/bin/env node
import { Command } from "commander";
import { VERSION } from "../base/version.ts";
import { clientCommand } from "./client-command.ts";
import { configCommand } from "./config-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { inviteCommand } from "./invite-command.ts";
import { legacyServerCommand } from "./legacy-server.ts";
import { passwdCommand } from "./passwd-command.ts";
import { runToExit } from "./process-life.ts";
import { serverCommand } from "./server-command.ts";
import { tokenCommand } from "./token-command.ts";

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
    .addCommand(doctorCommand())
    .addCommand(inviteCommand())
    .addCommand(tokenCommand())
    .addCommand(passwdCommand())
    .addCommand(configCommand())
    .addHelpText("after", LEGACY_HELP)
    .showHelpAfterError("Try: vpn-ws --help")
    .exitOverride();
}

const NEW_FORMS: ReadonlySet<string> = new Set([
  ...["server", "client", "doctor", "token", "passwd", "invite", "config"],
  ...["help", "--help", "-h", "--version", "-V"],
]);

/** Whether the words are for the new command line: a command of it, or a question about it. Else they are the original's. */
function isNewForm([first]: readonly string[]): boolean {
  return first === undefined || NEW_FORMS.has(first);
}

const words = process.argv.slice(2);
const command = isNewForm(words) ? mainCommand() : legacyServerCommand();
await runToExit("vpn-ws", async () => {
  await command.parseAsync(words, { from: "user" });
});
