import { type Command, InvalidArgumentError } from "commander";
import { parseDuration } from "../config/duration.ts";
import { kickSchema, MAX_BAN_MS, MAX_REASON_BYTES } from "../control/action.ts";
import { actOnPeers, addPeerActionFlags, type PeerActionFlags } from "./act-on-peers.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { OPERATOR_HELP } from "./operator-flags.ts";

interface KickFlags extends PeerActionFlags {
  readonly reason?: string;
  readonly ban?: number;
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
    .option("--reason <text>", "what its user is told", parseReason)
    .option("--ban <duration>", `keep it out: 30m, 1h, 7d, at most ${MAX_BAN_DAYS}d`, parseBan);
  return addPeerActionFlags(command).action((who: string, { reason, ban: banMs, ...flags }: KickFlags) =>
    untilInterrupted(output, () =>
      actOnPeers(who, flags, output, (client, path) => client.act("DELETE", path, { reason, banMs })),
    ),
  );
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
