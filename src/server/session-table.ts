import type { Grant } from "../access/grant.ts";
import type { Mac } from "../wire/mac.ts";
import type { Peer } from "./peer.ts";

/** Whether there is room for one session more, and which session has to go for it. */
export type SessionRoom = { readonly state: "room"; readonly yielding: readonly Peer[] } | { readonly state: "full" };

/**
 * The sessions of each owner, the oldest first. One that waits for its client yields before all others, whatever the
 * grant says: most likely its client was started again, and knows nothing of it. So does one that only looks: no other is
 * to make way for it, not even later.
 */
export class SessionTable {
  readonly #byOwner = new Map<string, Set<Peer>>();

  roomFor(owner: string, { sessions, yields }: Grant): SessionRoom {
    const held = this.#byOwner.get(owner) ?? new Set();
    const surplus = held.size + 1 - sessions;
    if (surplus <= 0) return { state: "room", yielding: [] };
    // A limit of none means none, whoever would yield.
    if (sessions < 1) return { state: "full" };
    const idle = [...held].filter(isIdle);
    if (surplus <= idle.length) return { state: "room", yielding: idle.slice(0, surplus) };
    if (yields === "newest") return { state: "full" };
    const atWork = [...held].filter((peer) => !isIdle(peer));
    return { state: "room", yielding: [...idle, ...atWork].slice(0, surplus) };
  }

  /** Sessions beyond what the grant allows, after it changed. */
  surplusOf(owner: string, { sessions, yields }: Grant): readonly Peer[] {
    const held = [...(this.#byOwner.get(owner) ?? [])];
    const surplus = Math.max(0, held.length - sessions);
    if (surplus === 0) return [];
    return yields === "oldest" ? held.slice(0, surplus) : held.slice(-surplus);
  }

  /** Sessions that wait for the client with this MAC: a newcomer with it is that client, and knows nothing of them. */
  heldWith(owner: string, mac: Mac | undefined): readonly Peer[] {
    if (mac === undefined) return [];
    return [...(this.#byOwner.get(owner) ?? [])].filter((peer) => peer.session.isHeld && peer.mac === mac);
  }

  /** Whether a newer session has this one's MAC: nobody waits for it. */
  isSuperseded(peer: Peer): boolean {
    const all = this.#byOwner.get(peer.owner) ?? new Set();
    return peer.mac !== undefined && [...all].some(({ id, mac }) => id > peer.id && mac === peer.mac);
  }

  add(owner: string, peer: Peer): void {
    const held = this.#byOwner.get(owner);
    if (held === undefined) this.#byOwner.set(owner, new Set([peer]));
    else held.add(peer);
  }

  delete(owner: string, peer: Peer): void {
    const held = this.#byOwner.get(owner);
    held?.delete(peer);
    if (held?.size === 0) this.#byOwner.delete(owner);
  }
}

function isIdle({ session, isGuest }: Peer): boolean {
  return session.isHeld || isGuest;
}
