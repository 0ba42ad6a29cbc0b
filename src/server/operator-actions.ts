import type { LogFields, Logger } from "../base/logger.ts";
import type { Action, ActionResult, Operator } from "../control/action.ts";
import { defaultBurstBytes, type RateLimit } from "../switch/port-rules.ts";
import { printable } from "../wire/printable.ts";
import type { Attachments } from "./attachments.ts";
import { type Bans, bannedAs, MAX_BANS } from "./bans.ts";
import type { Networks } from "./networks.ts";
import type { Peer } from "./peer.ts";
import type { Tenure } from "./tenure.ts";

/** What only whoever runs the server can do. */
export interface ServerOperations {
  /** Reads the configuration and the files that it names again; returns what is wrong with them, if something is. */
  reload(): string | undefined;
  /** Begins to stop in order. */
  drain(): void;
}

export interface OperatorActionsDeps {
  readonly log: Logger;
  readonly networks: Networks;
  readonly attachments: Attachments;
  readonly tenure: Pick<Tenure, "kick" | "endBanned">;
  readonly bans: Bans;
  /** Undefined: nobody has said how. */
  readonly operations: ServerOperations | undefined;
}

/** Actions by whom they are about. */
type PeerAction = Extract<Action, { readonly kind: "kick" | "isolate" | "rate" }>;

const BITS_PER_BYTE = 8;

/** What operators do to a running server. Each of it is logged: who, from where, what, to whom, and what came of it. */
export class OperatorActions {
  readonly #deps: OperatorActionsDeps;

  constructor(deps: OperatorActionsDeps) {
    this.#deps = deps;
  }

  perform(operator: Operator, action: Action): ActionResult {
    // Before it is done: who is sent away may be gone afterwards.
    const whom = this.#auditFieldsOf(action);
    const result = this.#perform(operator, action);
    const who = printable(operator.name);
    const { kind } = action;
    const outcome = result.state === "done" ? result.state : result.why;
    this.#deps.log.info("control.action", `${who}, ${kind}: ${result.message}`, {
      operator: who,
      address: printable(operator.address),
      action: kind,
      ...whom,
      result: outcome,
    });
    return result;
  }

  #perform(operator: Operator, action: Action): ActionResult {
    switch (action.kind) {
      case "kick":
      case "isolate":
      case "rate":
        return this.#performOn(action.peer, operator, action);
      case "flush-fdb":
        return this.#flushFdb(action.network, action.peer);
      case "reload":
        return this.#reload();
      case "drain":
        return this.#drain();
      case "unban":
        return this.#deps.bans.remove(action.ban)
          ? done(`ban ${action.ban} is lifted`)
          : notFound(`There is no ban ${action.ban}.`);
    }
  }

  #performOn(id: string, operator: Operator, action: PeerAction): ActionResult {
    const peer = this.#deps.attachments.peer(id);
    if (peer === undefined) {
      if (this.#deps.attachments.uplink(id) === undefined) return notFound(`There is no peer ${id}.`);
      return impossible("An uplink is the server's own: it can be neither sent away nor limited.");
    }
    if (action.kind === "kick") return this.#kick(peer, operator, action);
    if (action.kind === "rate") return setRate(peer, action);
    peer.rules.override({ isolated: action.isolated ?? undefined });
    return done(`peer ${id} is ${peer.rules.inForce.isolated ? "isolated" : "not isolated"}`);
  }

  #kick(peer: Peer, { name }: Operator, { reason, banMs }: Extract<Action, { readonly kind: "kick" }>): ActionResult {
    const { bans, tenure } = this.#deps;
    // Before it goes: a MAC that it only showed goes with its port.
    const whom = bannedAs(peer.admitted.identity, peer.mac);
    tenure.kick(peer, reason);
    const away = `peer ${peer.id} is sent away`;
    if (banMs === 0) return done(away);
    if (whom === undefined) {
      return impossible(`It has neither a user nor a MAC that could be kept out; ${away}, and may come back.`);
    }
    const ban = bans.add(whom, banMs, reason, name);
    if (ban === undefined) return impossible(`There are ${MAX_BANS} bans already; ${away}, and may come back.`);
    tenure.endBanned(bans);
    return done(`${away}, and kept out until ${new Date(ban.untilMs).toISOString()} (ban ${ban.id})`);
  }

  #flushFdb(name: string | undefined, id: string | undefined): ActionResult {
    const { networks, attachments } = this.#deps;
    if (name !== undefined && networks.get(name) === undefined) return notFound(`There is no network ${name}.`);
    if (id === undefined) {
      const chosen = networks.all.filter(({ definition }) => name === undefined || definition.name === name);
      return forgotten(chosen.reduce((sum, network) => sum + network.switch.forgetLearned(), 0));
    }
    const at = attachments.port(id);
    const isElsewhere = name !== undefined && at?.network.definition.name !== name;
    if (at === undefined || isElsewhere) return notFound(`There is no peer ${id}${isElsewhere ? ` in ${name}` : ""}.`);
    return forgotten(at.network.switch.forgetLearned(at.port));
  }

  #reload(): ActionResult {
    const { operations } = this.#deps;
    if (operations === undefined) return impossible("This server has no configuration that could be read again.");
    const fault = operations.reload();
    return fault === undefined ? done("the configuration was read again and is in force") : impossible(fault);
  }

  #drain(): ActionResult {
    const { operations } = this.#deps;
    if (operations === undefined) return impossible("This server is stopped by the program that it is a part of.");
    operations.drain();
    return done("the server takes nobody any more, and stops");
  }

  /** Whom and what an action is about. */
  #auditFieldsOf(action: Action): LogFields {
    if (action.kind === "unban") return { ban: printable(action.ban) };
    if (action.kind === "reload" || action.kind === "drain") return {};
    const peer = action.peer === undefined ? undefined : this.#deps.attachments.peer(action.peer);
    const network = peer?.grant.network ?? ("network" in action ? action.network : undefined);
    return {
      ...(action.peer === undefined ? {} : { peer: peer?.id ?? printable(action.peer) }),
      ...(peer === undefined ? {} : { user: printable(peer.remote.user) }),
      ...(network === undefined ? {} : { network: printable(network) }),
    };
  }
}

function setRate(peer: Peer, { up, down }: Extract<Action, { readonly kind: "rate" }>): ActionResult {
  peer.rules.override({
    ...(up === undefined ? {} : { up: limitOf(up) }),
    ...(down === undefined ? {} : { down: limitOf(down) }),
  });
  const { inForce } = peer.rules;
  return done(`peer ${peer.id} may send ${textOf(inForce.up)} and be sent ${textOf(inForce.down)}`);
}

function limitOf(bitsPerSecond: number | null): RateLimit | undefined {
  if (bitsPerSecond === null) return undefined;
  const bytesPerSecond = bitsPerSecond / BITS_PER_BYTE;
  return { bytesPerSecond, burstBytes: defaultBurstBytes(bytesPerSecond) };
}

function textOf(limit: RateLimit | undefined): string {
  return limit === undefined ? "as much as it can" : `${limit.bytesPerSecond * BITS_PER_BYTE} bit/s`;
}

function done(message: string): ActionResult {
  return { state: "done", message };
}

function forgotten(addresses: number): ActionResult {
  return done(`${addresses} learned addresses are forgotten`);
}

function notFound(message: string): ActionResult {
  return { state: "refused", why: "not-found", message: printable(message) };
}

function impossible(message: string): ActionResult {
  return { state: "refused", why: "impossible", message };
}
