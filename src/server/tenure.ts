import type { Grant } from "../access/grant.ts";
import type { FloodLog } from "../base/flood-log.ts";
import { printable } from "../wire/printable.ts";
import { type Access, type WayFault, wayFault } from "./access.ts";
import type { Bans } from "./bans.ts";
import { DropReport } from "./drop-report.ts";
import { HeldSessions } from "./held-sessions.ts";
import { logSourceOf } from "./log-source.ts";
import type { Peer } from "./peer.ts";
import { SessionTable } from "./session-table.ts";

export interface TenureDeps {
  readonly floodLog: FloodLog;
  /** Everybody who is here, by id; kept by the server. */
  readonly peers: ReadonlyMap<number, Peer>;
}

const CREDENTIALS_ENDED = ["credentials-ended", "your credentials are not good any more"] as const;
const CLOSED_WAYS: Readonly<Record<WayFault, string>> = {
  "not-a-socket-user": "who brought you here may not use our socket any more",
  "not-a-trusted-proxy": "the web server that spoke for you is not trusted any more",
};
const NO_ROOM = ["no-room", "somebody else needed its place"] as const;
const REPLACED = "a newer session of yours has taken this one's place";

/** Whether those who are here may stay: sessions at once, credentials that end or are taken back, a policy that changes. */
export class Tenure {
  readonly #deps: TenureDeps;
  readonly #sessions = new SessionTable();
  readonly #held = new HeldSessions();
  readonly #reports = new Map<Peer, DropReport>();
  /** Told to go already, and not gone yet. */
  readonly #leaving = new WeakSet<Peer>();

  constructor(deps: TenureDeps) {
    this.#deps = deps;
  }

  /** Whether an owner may have one session more, if need be in an older one's place; a guest's is in nobody's. */
  hasRoom(owner: string, grant: Grant, isGuest: boolean): boolean {
    const room = this.#sessions.roomFor(owner, grant);
    return room.state === "room" && !(isGuest && room.yielding.length > 0);
  }

  /** Whether a session waits for its client that could yield its place to a newcomer. */
  get hasHeld(): boolean {
    return this.#held.oldest !== undefined;
  }

  /** Makes a place free in a full server: who waits for its client has no right to keep others out. See `hasHeld`. */
  freePlace(): void {
    if (this.#held.oldest !== undefined) this.#cut(this.#held.oldest, ...NO_ROOM);
  }

  /** Makes room for a newcomer's session by cutting the oldest ones, if the grant says so; see `hasRoom`. */
  makeRoom(newcomer: Peer): void {
    if (newcomer.isGuest) return;
    const room = this.#sessions.roomFor(newcomer.owner, newcomer.grant);
    if (room.state === "full") return;
    const former = this.#sessions.heldWith(newcomer.owner, newcomer.mac);
    for (const peer of new Set([...former, ...room.yielding])) {
      this.#cut(peer, "replaced", REPLACED);
    }
  }

  /** It has its port by now. */
  begin(peer: Peer): void {
    this.#sessions.add(peer.owner, peer);
    const { port } = peer;
    if (port !== undefined) this.#reports.set(peer, new DropReport(port.ingressDrops, port.egressDrops));
  }

  /** A peer has no connection any more, and would wait for its client: not where that has come again already. */
  held(peer: Peer): void {
    const surplus = this.#held.add(peer);
    if (this.#sessions.isSuperseded(peer)) this.#cut(peer, "replaced", REPLACED);
    else if (surplus !== undefined) this.#cut(surplus, ...NO_ROOM);
  }

  /** A peer has a connection again. */
  resumed(peer: Peer): void {
    this.#held.delete(peer);
  }

  /** Its last drops are told now: who comes, does harm and goes would leave no trace. */
  end(peer: Peer): void {
    this.#sessions.delete(peer.owner, peer);
    this.#held.delete(peer);
    this.#reportDropsOf(peer, Number.POSITIVE_INFINITY);
    this.#reports.delete(peer);
  }

  /** Cuts whose credentials or grant have ended by now, Unix milliseconds. Cheap: asked every half second. */
  endStale({ chain }: Access, nowMs: number): void {
    for (const peer of this.#deps.peers.values()) {
      if (endMsOf(peer) <= nowMs) this.#cut(peer, "expired", "your permission has expired");
      else if (!peer.admissions.every(({ identity }) => chain.isStillGood(identity, nowMs))) {
        this.#cut(peer, ...CREDENTIALS_ENDED);
      }
    }
  }

  /** Cuts one whom an operator sends away. */
  kick(peer: Peer, message: string): void {
    this.#cut(peer, "kicked", message);
  }

  /** Cuts whom an operator keeps out: all sessions of a user, and who shows its MAC late. */
  endBanned(bans: Pick<Bans, "all" | "find">): void {
    if (bans.all.length === 0) return;
    for (const peer of this.#deps.peers.values()) {
      const ban = bans.find(peer.admitted.identity, peer.mac);
      if (ban !== undefined) this.#cut(peer, "banned", ban.reason);
    }
  }

  /** Asks authenticators and policy again about everybody. */
  recheck(access: Access, nowMs: number): void {
    for (const peer of this.#deps.peers.values()) this.#recheckOne(peer, access, nowMs);
    for (const peer of this.#deps.peers.values()) {
      for (const surplus of this.#sessions.surplusOf(peer.owner, peer.grant)) {
        this.#cut(surplus, "sessions", "you may not have as many sessions any more");
      }
    }
  }

  /** Each connection must be one that would be let in now; the newest one says what the session may do. */
  #recheckOne(peer: Peer, access: Access, nowMs: number): void {
    const { chain, policy } = access;
    let grant = peer.grant;
    for (const admitted of peer.admissions) {
      const { identity, remote, path } = admitted;
      const fault = wayFault(access, admitted);
      if (fault !== undefined) {
        this.#cut(peer, fault, CLOSED_WAYS[fault]);
        return;
      }
      if (!chain.isStillGood(identity, nowMs)) {
        this.#cut(peer, ...CREDENTIALS_ENDED);
        return;
      }
      const decision = policy.decide(identity, { address: remote.address, path, nowMs });
      const ending = decision.state === "denied" ? decision : endingOf(peer, decision.grant);
      if (ending !== undefined) {
        this.#cut(peer, ending.reason, ending.message);
        return;
      }
      if (decision.state === "granted") grant = decision.grant;
    }
    peer.regrant(grant);
  }

  /** Logs what policy and guard dropped, peer by peer, now and then. `nowMs` is the clock's. */
  reportDrops(nowMs: number): void {
    for (const peer of this.#reports.keys()) this.#reportDropsOf(peer, nowMs);
  }

  #reportDropsOf(peer: Peer, nowMs: number): void {
    const drops = this.#reports.get(peer)?.next(nowMs);
    if (drops === undefined) return;
    const what = Object.entries(drops).map(([reason, frames]) => `${frames} ${reason}`);
    const text = `dropped frames of peer ${peer.id}: ${what.join(", ")}`;
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.warn("guard.dropped", text, { peer: peer.id, user: printable(peer.remote.user), drops });
  }

  #cut(peer: Peer, reason: string, message: string): void {
    if (this.#leaving.has(peer)) return;
    this.#leaving.add(peer);
    this.#sessions.delete(peer.owner, peer);
    const text = `peer ${peer.id} may not stay: ${message} (${reason})`;
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.info("access.ended", text, { peer: peer.id, user: printable(peer.remote.user), reason });
    peer.cut(reason, message);
  }
}

/** When credentials or grant end, Unix milliseconds; infinite if they do not. */
export function endMsOf({ grant, admissions }: Peer): number {
  return Math.min(grant.expiresMs ?? Infinity, ...admissions.map(({ identity }) => identity.expiresMs ?? Infinity));
}

/** Why a peer that may still join may not stay as it is; undefined if it may. */
function endingOf(
  peer: Peer,
  { network, rules }: Grant,
): { readonly reason: string; readonly message: string } | undefined {
  const { mac } = peer;
  const isBridge = peer.admitted.opening.bridge;
  if (network !== peer.grant.network) return { reason: "moved", message: "you belong to another network now" };
  if (isBridge && !rules.bridge) return { reason: "not-a-bridge", message: "you may not be a bridge any more" };
  if (mac === undefined || isBridge || rules.macs?.includes(mac) !== false) return undefined;
  return { reason: "mac-not-allowed", message: "you may not use your MAC address any more" };
}
