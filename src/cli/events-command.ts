import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { type ControlEvent, controlEventSchema, serverInfoSchema } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import { EventFollower, FOLLOWER_DEFAULTS } from "./event-follower.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { type Paint, paintFor, type Style } from "./paint.ts";
import { formatMoment } from "./quantities.ts";

interface EventsFlags extends OperatorFlags {
  readonly follow?: boolean;
  readonly lines: number;
  readonly json?: boolean;
}

const DESCRIPTION = `Shows what happened on a server that runs: who came and went, what was refused, what the guard did. These are the lines of its
log from level info on; it keeps the last 2000 of them.

  vpn-ws events
  vpn-ws events -f               goes on until ctrl-c, also across a restart of the server
  vpn-ws events -f --json        one JSON object in each line

${OPERATOR_HELP}`;

const answerSchema = z.object({ lastId: z.int().nonnegative(), events: z.array(controlEventSchema) });
/** As many as a server keeps. */
const MAX_LINES = 2_000;
const DEFAULT_LINES = 20;

const STYLES: Readonly<Record<ControlEvent["level"], Style>> = { info: "dim", warn: "yellow", error: "red" };

/** `vpn-ws events`. */
export function eventsCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("events", "show what happened, and go on showing it", DESCRIPTION)
    .option("-f, --follow", "go on with what happens")
    .option("-n, --lines <count>", "how many of the past, 0 to 2000", parseLines, DEFAULT_LINES);
  return addOperatorFlags(command).action((flags: EventsFlags) =>
    untilInterrupted(output, (signal) => showEvents(flags, output, signal)),
  );
}

async function showEvents(flags: EventsFlags, output: OperatorOutput, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<ControlClient> => new ControlClient(await findServer(flags));
  const client = await find();
  const { instance } = await client.get("/server", serverInfoSchema);
  const { lastId, events } = await client.get("/events", answerSchema, { limit: MAX_LINES });
  const paint = paintFor(output.stdout);
  const show = (event: ControlEvent): void => {
    output.stdout.write(`${flags.json === true ? formatJson(event) : formatEvent(event, Date.now(), paint)}\n`);
  };
  if (flags.lines > 0) for (const event of events.slice(-flags.lines)) show(event);
  if (flags.follow !== true) return;
  const onNotice = (text: string): void => void output.stderr.write(`vpn-ws: ${text}.\n`);
  await new EventFollower({ find, signal, onEvent: show, onNotice }, { instance, lastId }, FOLLOWER_DEFAULTS).follow();
}

/** One line for people. */
export function formatEvent({ atMs, level, event, message }: ControlEvent, nowMs: number, paint: Paint): string {
  const mark = paint(STYLES[level], level.padEnd(5));
  return `${formatMoment(atMs, nowMs)} ${mark} ${paint("bold", printable(event))} ${printable(message)}`;
}

function parseLines(text: string): number {
  const lines = /^\d{1,4}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (lines <= MAX_LINES) return lines;
  throw new InvalidArgumentError(`it is a number from 0 to ${MAX_LINES}.`);
}
