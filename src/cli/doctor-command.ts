import { type Command, InvalidArgumentError } from "commander";
import { makeCommand } from "./flags.ts";
import { addJoinFlags, type JoinFlags, joinSettings } from "./join-flags.ts";
import { runDoctor } from "./run-doctor.ts";
import { addWayFlags, type WayFlags, waySettings } from "./way-flags.ts";

interface DoctorFlags extends JoinFlags, WayFlags {
  readonly quick?: boolean;
  readonly idle?: number;
  readonly json?: boolean;
}

const DESCRIPTION = `Walks the way to a server and says what is wrong with it, and how to mend that. Needs no root and makes no TAP.

It goes the client's way, with the client's flags: DNS, TCP, proxy, TLS, upgrade, then frames of every size, round trips,
load, and silence. It joins the network as a guest that sends to nobody but the server, and takes no running session's place.

  vpn-ws doctor wss://vpn.example.com/vpn
  vpn-ws doctor --quick --token-file /etc/vpn-ws.token wss://vpn.example.com/vpn

The exit status is 0 if nothing keeps a VPN from working, 1 if something does, 2 if the command line is wrong.`;

/** Above this the server does not keep quiet for us; and two minutes are long in front of a screen. */
const MAX_IDLE_SECONDS = 130;

/** `vpn-ws doctor`. */
export function doctorCommand(): Command {
  const command = makeCommand("doctor", "find out what is wrong with the way to a server", DESCRIPTION)
    .argument("[url]", "ws:// or wss://host[:port]/path, an invite, or - for one on standard input")
    .option("--quick", "a second of load each way, and no silence unless --idle is given")
    .option("--idle <seconds>", "how long a connection is left alone, 0 for not at all (default: 70)", parseIdle)
    .option("--json", "the findings as one JSON object, when all is done");
  return addWayFlags(addJoinFlags(command)).action((target: string | undefined, flags: DoctorFlags) =>
    runDoctor({
      ...joinSettings(target === undefined ? [] : [target], flags),
      ...waySettings(flags),
      quick: flags.quick ?? false,
      idleSeconds: flags.idle,
      json: flags.json ?? false,
    }),
  );
}

function parseIdle(value: string): number {
  const seconds = /^\d{1,3}$/.test(value) ? Number(value) : -1;
  if (seconds < 0 || seconds > MAX_IDLE_SECONDS) {
    throw new InvalidArgumentError(`it is a number of seconds from 0 to ${MAX_IDLE_SECONDS}.`);
  }
  return seconds;
}
