import type { Command } from "commander";

/** Flags of all commands that look at a server that runs; `json`: what they show can be shown to programs. */
export function addOperatorFlags(command: Command, { json } = { json: true }): Command {
  command
    .option("--control <url>", "where the server is: unix:/path or http(s)://host:port (default: the only one here)")
    .option("--login <file>", "who we are, over http(s): a file with one line user:password")
    .option("--token <file>", "the same with a token in place of a password")
    .option("--ca <file>", "certificates that https may stand on, PEM (default: the system's)");
  return json ? command.option("--json", "for programs: JSON, times in Unix milliseconds") : command;
}

/** The text that follows the help of each of them. */
export const OPERATOR_HELP = `A server of this machine is found by itself; root and the server's own user may look and act. Another one is named,
and wants a user who is listed in its control.admins, or in control.viewers for only looking:
  --control https://vpn.example.com:8081 --login /root/.vpn-ws-login`;
