import type { Command } from "commander";
import { ConfigError, PeerError } from "../base/errors.ts";
import { type PeerRow, peerDetailSchema } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import { ControlClient } from "./control-client.ts";
import type { OperatorOutput } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";
import { peersSchema } from "./peers-watch.ts";
import { formatMoment } from "./quantities.ts";

/** What commands have in common that do something to peers. */
export interface PeerActionFlags extends OperatorFlags {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Their argument, and the flags that come after their own. */
export function addPeerActionFlags(command: Command): Command {
  command.argument("<peer>", "its id, or its user").option("--all", "all sessions of the user, if it has several");
  return addOperatorFlags(command);
}

/** Does something to who is named, in turn, and prints what the server says about it. `path`: the peer's in the API. */
export async function actOnPeers(
  who: string,
  { all = false, json = false, ...flags }: PeerActionFlags,
  { stdout }: OperatorOutput,
  act: (client: ControlClient, path: string) => Promise<string>,
): Promise<void> {
  const client = new ControlClient(await findServer(flags));
  for (const { id } of await findPeers(client, who, all)) {
    const message = (await unlessGone(act(client, pathOf(id)))) ?? `peer ${id} has left by itself`;
    stdout.write(json ? `${formatJson({ peer: id, message })}\n` : `${printable(message)}\n`);
  }
}

/** Who is meant: an id before a user, because a user may have a number for a name. */
async function findPeers(client: ControlClient, who: string, all: boolean): Promise<readonly PeerRow[]> {
  const one = await unlessGone<PeerRow>(client.get(pathOf(who), peerDetailSchema));
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
  throw new ConfigError("PEER_AMBIGUOUS", `${who} has ${theirs.length} sessions.`, { hint });
}

function pathOf(id: string): string {
  return `/peers/${encodeURIComponent(id)}`;
}

/** Undefined for what the server does not know, or not any more. */
async function unlessGone<Value>(answer: Promise<Value>): Promise<Value | undefined> {
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
