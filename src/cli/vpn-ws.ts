#!/usr/bin/env node
import { Command } from "commander";
import { VERSION } from "../base/version.ts";
import { runToExit } from "./process-life.ts";

const LEGACY_HELP = `
The original's command line works as well:
  vpn-ws [--tuntap DEV] [--exec CMD] [--bridge] [--no-broadcast] [--no-multicast] [--uid U] [--gid G] ADDRESS
  vpn-ws-client [--exec CMD] [--key F] [--crt F] [--no-verify] [--bridge] TAP URL`;

type LoadCommand = () => Promise<Command>;

/** Each loads what it needs and no more: what only a server needs is a third of the time in which a client could start. */
const COMMANDS: ReadonlyMap<string, LoadCommand> = new Map([
  ["server", async () => (await import("./server-command.ts")).serverCommand()],
  ["client", async () => (await import("./client-command.ts")).clientCommand()],
  ["doctor", async () => (await import("./doctor-command.ts")).doctorCommand()],
  ["invite", async () => (await import("./invite-command.ts")).inviteCommand()],
  ["token", async () => (await import("./token-command.ts")).tokenCommand()],
  ["passwd", async () => (await import("./passwd-command.ts")).passwdCommand()],
  ["status", async () => (await import("./status-command.ts")).statusCommand()],
  ["peers", async () => (await import("./peers-command.ts")).peersCommand()],
  ["fdb", async () => (await import("./fdb-command.ts")).fdbCommand()],
  ["kick", async () => (await import("./kick-command.ts")).kickCommand()],
  ["limit", async () => (await import("./limit-command.ts")).limitCommand()],
  ["bans", async () => (await import("./bans-command.ts")).bansCommand()],
  ["events", async () => (await import("./events-command.ts")).eventsCommand()],
  ["capture", async () => (await import("./capture-command.ts")).captureCommand()],
  ["dashboard", async () => (await import("./dashboard-command.ts")).dashboardCommand()],
  ["config", async () => (await import("./config-command.ts")).configCommand()],
]);

/** Questions about the new command line: they are answered with all commands at hand. */
const QUESTIONS: ReadonlySet<string> = new Set(["help", "--help", "-h", "--version", "-V"]);

async function mainCommand(commands: Iterable<LoadCommand>): Promise<Command> {
  const main = new Command("vpn-ws")
    .description("An Ethernet VPN inside a WebSocket.")
    .version(VERSION)
    .addHelpText("after", LEGACY_HELP)
    .showHelpAfterError("Try: vpn-ws --help")
    .exitOverride();
  for (const load of commands) main.addCommand(await load());
  return main;
}

/** The command line that the words are for: a command, a question about all, or else the original's. */
async function commandOf([first]: readonly string[]): Promise<Command> {
  const command = first === undefined ? undefined : COMMANDS.get(first);
  if (command !== undefined) return mainCommand([command]);
  if (first === undefined || QUESTIONS.has(first)) return mainCommand(COMMANDS.values());
  return (await import("./legacy-server.ts")).legacyServerCommand();
}

const words = process.argv.slice(2);
await runToExit("vpn-ws", async () => {
  const command = await commandOf(words);
  await command.parseAsync(words, { from: "user" });
});
