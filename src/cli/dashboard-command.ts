import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";

interface DashboardFlags extends OperatorFlags {
  readonly at?: string;
  readonly json?: boolean;
}

const DESCRIPTION = `Prints an address for a browser that opens the dashboard of this machine's server, without a password. It is good once,
for a minute; who has it is an admin.

  vpn-ws dashboard
  xdg-open "$(vpn-ws dashboard)"

The server must have the dashboard where a browser reaches it: vpn-ws server --control http://127.0.0.1:8081, beside
the unix socket by which this command comes. From another machine, by ssh, until ctrl-c:
  ssh -L 8081:127.0.0.1:8081 root@vpn.example.com 'vpn-ws dashboard; cat'
With --at it is said where that is, if the server cannot know, as behind a web server.`;

const HOW = [
  "Start it with --control http://127.0.0.1:8081, or say so in its configuration: control: {listen: [http://127.0.0.1:8081]}.",
  "Or, from another machine: ssh -N -L 8081:/run/vpn-ws/server-PID.sock root@THIS, and open http://localhost:8081/ there;",
  "while that runs, everybody who uses that machine is an operator of this server.",
  "If it is behind a web server, say where: --at https://vpn.example.com/admin.",
].join("\n  ");

/** The dashboards are where browsers can go: addresses of listeners, with the path that the API is mounted at. */
const ticketSchema = z.object({ ticket: z.string(), dashboards: z.array(z.string()) });

/** `vpn-ws dashboard`. */
export function dashboardCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("dashboard", "print an address that opens the dashboard, good once", DESCRIPTION).option(
    "--at <url>",
    "where browsers find it (default: what the server says)",
  );
  return addOperatorFlags(command).action((flags: DashboardFlags) =>
    untilInterrupted(output, () => printAddress(flags, output)),
  );
}

async function printAddress({ at, json, ...flags }: DashboardFlags, output: OperatorOutput): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  const { ticket, dashboards } = await client.post("/tickets", {}, ticketSchema);
  const place = at ?? nearest(dashboards);
  if (place === undefined) {
    const { display } = client.target;
    throw new ConfigError(
      "DASHBOARD_NOWHERE",
      `the server at ${display} has its dashboard where no browser reaches it.`,
      {
        hint: HOW,
      },
    );
  }
  const url = `${reachable(place).replace(/\/$/, "")}/#ticket=${encodeURIComponent(ticket)}`;
  output.stdout.write(json === true ? `${formatJson({ url })}\n` : `${printable(url)}\n`);
}

/** One that only this machine reaches is the shortest way. */
function nearest(dashboards: readonly string[]): string | undefined {
  return dashboards.find((one) => /\/\/(?:127\.|\[::1\]|localhost)/.test(one)) ?? dashboards[0];
}

/** A listener on every address is on this machine's own, too. */
function reachable(place: string): string {
  return place.replace(/^(https?:\/\/)(?:\*|0\.0\.0\.0|\[::\])(?=[:/]|$)/, "$1127.0.0.1");
}
