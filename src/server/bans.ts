import { ANONYMOUS, type Identity } from "../access/identity.ts";
import type { Ban } from "../control/model.ts";
import type { Mac } from "../wire/mac.ts";
import { printable } from "../wire/printable.ts";

/** Bans at a time: more than anybody gives by hand, and what a program gives must end somewhere. */
export const MAX_BANS = 4_096;

/** Whom a ban is about: a user, or who has a MAC and no name. */
export type Banned = { readonly kind: "user"; readonly user: string } | { readonly kind: "mac"; readonly mac: Mac };

/** Who may not join for a while. They end by themselves, and with the process. */
export class Bans {
  readonly #nowUnixMs: () => number;
  /** By `keyOf` whom they are about. */
  readonly #byKey = new Map<string, Ban>();
  #lastId = 0;

  constructor({ nowUnixMs }: { readonly nowUnixMs: () => number }) {
    this.#nowUnixMs = nowUnixMs;
  }

  /** Those in force, the oldest first. */
  get all(): readonly Ban[] {
    this.#forgetEnded();
    return [...this.#byKey.values()];
  }

  /** Keeps somebody out for so long, whatever was said of him before; undefined if there are as many as there may be. */
  add(whom: Banned, forMs: number, reason: string, by: string): Ban | undefined {
    this.#forgetEnded();
    const key = keyOf(whom);
    this.#byKey.delete(key);
    if (this.#byKey.size >= MAX_BANS) return undefined;
    const about = whom.kind === "user" ? { user: printable(whom.user), mac: null } : { user: "", mac: whom.mac };
    const ban = { id: String(++this.#lastId), ...about, reason, by, untilMs: this.#nowUnixMs() + forMs };
    this.#byKey.set(key, ban);
    return ban;
  }

  /** False if there is none with this id. */
  remove(id: string): boolean {
    this.#forgetEnded();
    for (const [key, ban] of this.#byKey) if (ban.id === id) return this.#byKey.delete(key);
    return false;
  }

  /** The ban that keeps out who is this and has this MAC. */
  find(identity: Pick<Identity, "user" | "method">, mac: Mac | undefined): Ban | undefined {
    if (this.#byKey.size === 0) return undefined;
    const whom = bannedAs(identity, mac);
    const ban = whom === undefined ? undefined : this.#byKey.get(keyOf(whom));
    return ban !== undefined && ban.untilMs > this.#nowUnixMs() ? ban : undefined;
  }

  #forgetEnded(): void {
    const nowMs = this.#nowUnixMs();
    for (const [key, { untilMs }] of this.#byKey) if (untilMs <= nowMs) this.#byKey.delete(key);
  }
}

/** As whom somebody would be banned; undefined for who has neither name nor MAC. */
export function bannedAs(
  { user, method }: Pick<Identity, "user" | "method">,
  mac: Mac | undefined,
): Banned | undefined {
  if (method !== ANONYMOUS) return { kind: "user", user };
  return mac === undefined ? undefined : { kind: "mac", mac };
}

function keyOf(whom: Banned): string {
  return whom.kind === "user" ? `user ${whom.user}` : `mac ${whom.mac}`;
}
