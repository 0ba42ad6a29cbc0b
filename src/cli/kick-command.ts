import { type Command, InvalidArgumentError } from "commander";
import { ConfigError, PeerError } from "../base/errors.ts";
import { parseDuration } from "../config/duration.ts";
import { kickSchema, MAX_BAN_MS, MAX_REASON_BYTES } from "../control/action.ts";
import { type PeerRow, peerDetailSchema } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { peersSchema } from "./peers-watch.ts";
import { formatMoment } from "./quantities.ts";

interface KickFlags extends OperatorFlags {
  readonly reason?: string;
  readonly ban?: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

const DESCRIPTION = `Sends a peer away. Without --ban its client comes back by itself in a moment.

  vpn-ws kick 7                            by its id, as shown by: vpn-ws peers
  vpn-ws kick alice --ban 1h --reason "ask at the desk"
  vpn-ws kick alice --all                  all sessions of the user

--ban keeps the user out, or of an anonymous peer its MAC address. See and end bans with: vpn-ws bans

${OPERATOR_HELP}`;

const MAX_BAN_DAYS = MAX_BAN_MS / 86_400_000;

/** `vpn-ws kick`. */
export function kickCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("kick", "send a peer away, and keep it out for a while", DESCRIPTION)
    .argument("<peer>", "its id, or its user")
    .option("--reason <text>", "what its user is told", parseReason)
    .option("--ban <duration>", `keep it out: 30m, 1h, 7d, at most ${MAX_BAN_DAYS}d`, parseBan)
    .option("--all", "all sessions of the user, if it has several");
  return addOperatorFlags(command).action((who: string, flags: KickFlags) =>
    untilInterrupted(output, () => kick(who, flags, output)),
  );
}

async function kick(who: string, flags: KickFlags, output: OperatorOutput): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  const { reason, ban: banMs, all = false, json = false } = flags;
  for (const { id } of await chosen(client, who, all)) {
    const message = await orUndefined(client.act("DELETE", `/peers/${encodeURIComponent(id)}`, { reason, banMs }));
    const said = message ?? `peer ${id} has left by itself`;
    output.stdout.write(json ? `${formatJson({ peer: id, message: said })}\n` : `${printable(said)}\n`);
  }
}

/** Who is meant: an id before a user, because a user may have a number for a name. */
async function chosen(client: ControlClient, who: string, all: boolean): Promise<readonly PeerRow[]> {
  const one = await orUndefined<PeerRow>(client.get(`/peers/${encodeURIComponent(who)}`, peerDetailSchema));
  if (one !== undefined) return [one];
  const { peers } = await client.get("/peers", peersSchema, { search: who });
  const theirs = peers.filter(({ user, kind }) => kind === "peer" && user === who);
  if (theirs.length === 0) {
    throw new PeerError("CONTROL_NOT_FOUND", `there is no peer ${who}, and no user of that name is on.`, {
      hint: "See: vpn-ws peers",
    });
  }
  if (theirs.length === 1 || all) return theirs;
  const sessions = theirs.map(describe).join("\n  ");
  const hint = `Say which, by its id, or --all:\n  ${sessions}`;
  throw new ConfigError("KICK_AMBIGUOUS", `${who} has ${theirs.length} sessions.`, { hint });
}

/** Undefined for what the server does not know, or not any more. */
async function orUndefined<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PeerError && error.code === "CONTROL_NOT_FOUND") return undefined;
    throw error;
  }
}

function describe({ id, address, network, sinceMs }: PeerRow): string {
  return printable(`${id}  from ${address} in ${network} since ${formatMoment(sinceMs, Date.now())}`);
}

function parseReason(text: string): string {
  if (kickSchema.safeParse({ reason: text }).success) return text;
  throw new InvalidArgumentError(`it has at most ${MAX_REASON_BYTES} bytes, and no control characters.`);
}

function parseBan(text: string): number {
  const banMs = parseDuration(text) ?? 0;
  if (banMs > 0 && banMs <= MAX_BAN_MS) return banMs;
  throw new InvalidArgumentError(`it is a number with s, m, h or d, at most ${MAX_BAN_DAYS}d.`);
}
