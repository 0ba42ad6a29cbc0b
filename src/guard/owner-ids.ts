/** No owner at all. */
export const NOBODY = 0;
/** The owner of what is the server's own. */
export const UPLINK_OWNER = 1;
/** What the uplink is called where an owner's key is shown. */
const UPLINK_KEY = "uplink";

/**
 * Small numbers for the keys of owners (user names), because the frame path compares numbers. A number lives while
 * something refers to it: a port of the owner, a MAC that is its own. So there are never more than both together.
 */
export class OwnerIds {
  readonly #ids = new Map<string, number>();
  readonly #keys: string[] = ["", UPLINK_KEY];
  readonly #references: number[] = [0, 1];
  readonly #free: number[] = [];

  /** The number of a key, or `NOBODY` if it has none. A user may be called what the uplink is called. */
  find(key: string): number {
    return this.#ids.get(key) ?? NOBODY;
  }

  keyOf(id: number): string {
    return this.#keys[id] as string;
  }

  /** The number of a key, with one more reference. */
  acquire(key: string): number {
    const id = this.#ids.get(key) ?? this.#add(key);
    this.retain(id);
    return id;
  }

  retain(id: number): void {
    this.#references[id] = (this.#references[id] as number) + 1;
  }

  /** Takes one reference back; after the last one the number may be another's. */
  release(id: number): void {
    const left = (this.#references[id] as number) - 1;
    this.#references[id] = left;
    if (left > 0) return;
    this.#ids.delete(this.keyOf(id));
    this.#free.push(id);
  }

  #add(key: string): number {
    const id = this.#free.pop() ?? this.#keys.length;
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#references[id] = 0;
    return id;
  }
}
