import type { Grant } from "../access/grant.ts";
import type { Peer } from "./peer.ts";

/** Whether there is room for one session more, and which session has to go for it. */
export type SessionRoom = { readonly state: "room"; readonly yielding: readonly Peer[] } | { readonly state: "full" };

/** The sessions of each owner, the oldest first. */
export class SessionTable {
  readonly #byOwner = new Map<string, Set<Peer>>();

  roomFor(owner: string, { sessions, yields }: Grant): SessionRoom {
    const held = this.#byOwner.get(owner) ?? new Set();
    const surplus = held.size + 1 - sessions;
    if (surplus <= 0) return { state: "room", yielding: [] };
    // A limit of none means none, whoever would yield.
    if (yields === "newest" || sessions < 1) return { state: "full" };
    return { state: "room", yielding: [...held].slice(0, surplus) };
  }

  /** Sessions beyond what the grant allows, after it changed. */
  surplusOf(owner: string, { sessions, yields }: Grant): readonly Peer[] {
    const held = [...(this.#byOwner.get(owner) ?? [])];
    const surplus = Math.max(0, held.length - sessions);
    if (surplus === 0) return [];
    return yields === "oldest" ? held.slice(0, surplus) : held.slice(-surplus);
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
