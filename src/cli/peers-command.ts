import { type Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../base/clock.ts";
import { serverInfoSchema } from "../control/model.ts";
import { ControlClient } from "./control-client.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted, widthOf } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { LiveScreen } from "./live-screen.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { paintFor } from "./paint.ts";
import { orderOf, peerColumns, SORT_COLUMNS, type SortColumn } from "./peers-table.ts";
import { MAX_PEERS, PeersWatch, peersSchema } from "./peers-watch.ts";
import { formatTable } from "./text-table.ts";

interface PeersFlags extends OperatorFlags {
  readonly watch?: boolean;
  readonly interval: number;
  readonly network?: string;
  readonly search?: string;
  readonly sort?: SortColumn;
  readonly json?: boolean;
}

const DESCRIPTION = `Shows who is on a server that runs: round trip, what waits for each, traffic and drops. UP is from the peer, DOWN to it.

  vpn-ws peers
  vpn-ws peers --watch                  rates, again and again like top; q ends it
  vpn-ws peers --sort rtt --network lab
  vpn-ws peers --json | jq '.peers[].user'

A wide terminal shows more columns. A peer that is "held" has no connection at the moment and is waited for.

${OPERATOR_HELP}`;

const DEFAULT_INTERVAL_S = 2;

/** `vpn-ws peers`. */
export function peersCommand(output: OperatorOutput = process): Command {
  const columns = Object.keys(SORT_COLUMNS);
  const command = makeCommand("peers", "show who is on, once or live", DESCRIPTION)
    .option("--watch", "rates, drawn again and again, until q or ctrl-c")
    .option("--interval <seconds>", "how often with --watch, 0.5 to 3600", parseInterval, DEFAULT_INTERVAL_S)
    .option("--network <name>", "only this network")
    .option("--search <text>", "only peers with this in their user, address, MAC or agent")
    .addOption(
      new Option("--sort <column>", "what is first (default: as they came; with --watch the busiest)").choices(columns),
    );
  return addOperatorFlags(command).action((flags: PeersFlags) =>
    untilInterrupted(output, (signal) => (flags.watch === true ? watch(flags, output, signal) : list(flags, output))),
  );
}

async function list({ network, search, sort, json, ...flags }: PeersFlags, output: OperatorOutput): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  const order = sort === undefined ? {} : { sort: SORT_COLUMNS[sort], order: orderOf(sort) };
  const { nowMs } = await client.get("/server", serverInfoSchema);
  const answer = await client.get("/peers", peersSchema, { network, search, ...order, limit: MAX_PEERS });
  if (json === true) {
    output.stdout.write(`${formatJson(answer, 2)}\n`);
    return;
  }
  const rows = answer.peers.map((row) => ({ row, rate: undefined }));
  const fit = { width: widthOf(output), paint: paintFor(output.stdout) };
  output.stdout.write(`${formatTable(peerColumns(nowMs), rows, fit).join("\n")}\n`);
  const left = answer.total - rows.length;
  if (left > 0) output.stderr.write(`${left} more are not shown: say whom with --network or --search.\n`);
}

async function watch(flags: PeersFlags, output: OperatorOutput, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const { network, search, sort, interval, json = false } = flags;
  const screen = new LiveScreen(output, process.stdin, { isPlain: json, onEnd: () => over.abort() });
  const find = async (): Promise<ControlClient> => new ControlClient(await findServer(flags));
  const deps = { clock: systemClock, find, output, screen, signal: AbortSignal.any([signal, over.signal]) };
  try {
    await new PeersWatch(deps, { network, search, sort, intervalMs: interval * 1000, isJson: json }).run();
  } catch (error) {
    if (!over.signal.aborted) throw error;
  }
}

function parseInterval(text: string): number {
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds >= 0.5 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("it is a number of seconds from 0.5 to 3600.");
}
