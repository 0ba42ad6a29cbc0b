import type { Command } from "commander";
import { z } from "zod";
import { type FdbRow, fdbRowSchema } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted, widthOf } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { paintFor } from "./paint.ts";
import { formatAge } from "./quantities.ts";
import { type Column, formatTable } from "./text-table.ts";

interface FdbFlags extends OperatorFlags {
  readonly network?: string;
  readonly peer?: string;
  readonly search?: string;
  readonly flush?: boolean;
  readonly json?: boolean;
}

const DESCRIPTION = `Shows the forwarding table: which MAC address is behind which peer. "pinned" is a peer's own, the others were learned
from frames.

  vpn-ws fdb
  vpn-ws fdb --search be:18:20
  vpn-ws fdb --flush --peer 7      forgets what was learned behind peer 7

${OPERATOR_HELP}`;

const answerSchema = z.object({ total: z.int().nonnegative(), entries: z.array(fdbRowSchema) });
/** Asked for at once; a table may have many more. */
const PAGE_ENTRIES = 1_000;

const COLUMNS: readonly Column<FdbRow>[] = [
  { heading: "NETWORK", cell: ({ network }) => network, leastWidth: 7 },
  { heading: "MAC", cell: ({ mac }) => mac },
  { heading: "PEER", cell: ({ peer }) => peer },
  { heading: "USER", cell: ({ user }) => user || "-", leastWidth: 8 },
  { heading: "KIND", cell: ({ pinned }) => (pinned ? "pinned" : "learned") },
  { heading: "SEEN", align: "right", cell: ({ pinned, ageMs }) => (pinned ? "-" : `${formatAge(ageMs)} ago`) },
];

/** `vpn-ws fdb`. */
export function fdbCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("fdb", "show the forwarding table: MAC addresses and peers", DESCRIPTION)
    .option("--network <name>", "only this network")
    .option("--peer <id>", "only what is behind this peer")
    .option("--search <text>", "only addresses and users with this in them")
    .option("--flush", "forget what was learned, of the network and peer that are named, or of all");
  return addOperatorFlags(command).action((flags: FdbFlags) =>
    untilInterrupted(output, () => (flags.flush === true ? flush(flags, output) : list(flags, output))),
  );
}

async function list(flags: FdbFlags, output: OperatorOutput): Promise<void> {
  const entries = await readAll(new ControlClient(await findServer(flags)), flags);
  if (flags.json === true) {
    output.stdout.write(`${formatJson({ total: entries.length, entries }, 2)}\n`);
    return;
  }
  const sorted = [...entries].sort((a, b) => a.network.localeCompare(b.network) || a.mac.localeCompare(b.mac));
  const fit = { width: widthOf(output), paint: paintFor(output.stdout) };
  output.stdout.write(`${formatTable(COLUMNS, sorted, fit).join("\n")}\n`);
}

/** All pages; who moves between two of them may be in both, and is shown once. */
async function readAll(client: ControlClient, flags: FdbFlags): Promise<readonly FdbRow[]> {
  const { network, peer, search } = flags;
  const entries = new Map<string, FdbRow>();
  for (let offset = 0; ; offset += PAGE_ENTRIES) {
    const query = { network, peer, search, offset, limit: PAGE_ENTRIES };
    const page = await client.get("/fdb", answerSchema, query);
    for (const entry of page.entries) entries.set(`${entry.network} ${entry.mac}`, entry);
    if (page.entries.length === 0 || offset + page.entries.length >= page.total) return [...entries.values()];
  }
}

async function flush({ network, peer, ...flags }: FdbFlags, output: OperatorOutput): Promise<void> {
  const message = await new ControlClient(await findServer(flags)).act("POST", "/fdb/flush", { network, peer });
  output.stdout.write(flags.json === true ? `${formatJson({ message })}\n` : `${printable(message)}\n`);
}
