import type { Command } from "commander";
import { z } from "zod";
import { type Ban, banSchema } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted, widthOf } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { paintFor } from "./paint.ts";
import { formatMoment } from "./quantities.ts";
import { type Column, formatTable } from "./text-table.ts";

interface BansFlags extends OperatorFlags {
  readonly end?: string;
  readonly json?: boolean;
}

const DESCRIPTION = `Shows who is kept out since an operator sent him away with a ban, and ends bans before their time.

  vpn-ws bans
  vpn-ws bans --end 3

${OPERATOR_HELP}`;

/** `vpn-ws bans`. */
export function bansCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("bans", "show and end bans", DESCRIPTION).option("--end <id>", "let this one in again");
  return addOperatorFlags(command).action((flags: BansFlags) =>
    untilInterrupted(output, () => (flags.end === undefined ? list(flags, output) : end(flags.end, flags, output))),
  );
}

async function list(flags: BansFlags, { stdout, ...output }: OperatorOutput): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  const { bans } = await client.get("/bans", z.object({ bans: z.array(banSchema) }));
  if (flags.json === true) stdout.write(`${formatJson({ bans }, 2)}\n`);
  else if (bans.length === 0) stdout.write("Nobody is banned.\n");
  else {
    const fit = { width: widthOf({ stdout, ...output }), paint: paintFor(stdout) };
    stdout.write(`${formatTable(columnsAt(Date.now()), bans, fit).join("\n")}\n`);
  }
}

async function end(id: string, flags: BansFlags, { stdout }: OperatorOutput): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  const message = await client.act("DELETE", `/bans/${encodeURIComponent(id)}`, {});
  stdout.write(flags.json === true ? `${formatJson({ message })}\n` : `${printable(message)}\n`);
}

function columnsAt(nowMs: number): readonly Column<Ban>[] {
  return [
    { heading: "ID", cell: ({ id }) => id },
    { heading: "WHO", cell: ({ user, mac }) => user || (mac ?? "-"), leastWidth: 8 },
    { heading: "UNTIL", cell: ({ untilMs }) => formatMoment(untilMs, nowMs) },
    { heading: "BY", cell: ({ by }) => by, leastWidth: 8 },
    { heading: "REASON", cell: ({ reason }) => reason, leastWidth: 10 },
  ];
}
