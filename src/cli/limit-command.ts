import { type Command, InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../base/errors.ts";
import { parseRate } from "../config/parse-rate.ts";
import { rateSchema } from "../control/action.ts";
import { actOnPeers, addPeerActionFlags, type PeerActionFlags } from "./act-on-peers.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { OPERATOR_HELP } from "./operator-flags.ts";

/** In the place of a value: what the policy says is in force again. */
const POLICY = "policy";
const ISOLATION = { yes: true, no: false, [POLICY]: null } as const;

/** Bits per second. */
type Rate = number | typeof POLICY;

interface LimitFlags extends PeerActionFlags {
  readonly up?: Rate;
  readonly down?: Rate;
  readonly isolate?: keyof typeof ISOLATION;
}

const DESCRIPTION = `Holds a peer that is here to other rates, or apart from the others, until it leaves. For longer: the policy.

  vpn-ws limit 7 --down 5Mbit              by its id, as shown by: vpn-ws peers
  vpn-ws limit alice --up 500kbit --isolate yes
  vpn-ws limit alice --up policy --isolate policy

Who is isolated reaches the server's own TAP and nobody else.

${OPERATOR_HELP}`;

const RATE = `a rate such as 20Mbit or 500kbit, from 8kbit to 1000Gbit, or ${POLICY}`;

/** `vpn-ws limit`. */
export function limitCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("limit", "slow a peer down, or keep it apart", DESCRIPTION)
    .option("--up <rate>", `what it may send: 20Mbit, 500kbit, or ${POLICY}: what that says again`, parseLimit)
    .option("--down <rate>", "what it may be sent, likewise", parseLimit)
    .addOption(
      new Option("--isolate <whether>", "whether it is kept apart from the others").choices(Object.keys(ISOLATION)),
    );
  return addPeerActionFlags(command).action((who: string, flags: LimitFlags) =>
    untilInterrupted(output, () => limit(who, flags, output)),
  );
}

async function limit(who: string, flags: LimitFlags, output: OperatorOutput): Promise<void> {
  const { up, down, isolate } = flags;
  const hasRate = up !== undefined || down !== undefined;
  if (!hasRate && isolate === undefined) {
    throw new ConfigError("LIMIT_EMPTY", "nothing is said to limit.", { hint: "Say --up, --down or --isolate." });
  }
  await actOnPeers(who, flags, output, async (client, path) => {
    const said: string[] = [];
    if (hasRate) said.push(await client.act("POST", `${path}/rate`, { up: forApi(up), down: forApi(down) }));
    if (isolate !== undefined) {
      said.push(await client.act("POST", `${path}/isolate`, { isolated: ISOLATION[isolate] }));
    }
    return said.join("; ");
  });
}

/** As the API has it, where null is the policy's. */
function forApi(rate: Rate | undefined): number | null | undefined {
  return rate === POLICY ? null : rate;
}

function parseLimit(text: string): Rate {
  if (text === POLICY) return POLICY;
  const bytes = parseRate(text);
  const { success } = rateSchema.safeParse({ up: bytes === undefined ? undefined : bytes * 8 });
  if (bytes !== undefined && success) return bytes * 8;
  throw new InvalidArgumentError(`it is ${RATE}.`);
}
