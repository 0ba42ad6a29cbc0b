import { addressKey, UNKNOWN_ADDRESS } from "../access/address-key.ts";

/** Requests whose credentials are looked at, at a time; a password takes a tenth of a second of one thread. */
const MAX_CHECKING = 64;
/** Of these, such as come from one address, where it is known. */
const MAX_CHECKING_OF_ADDRESS = 16;

/** Places of requests whose credentials are looked at, so that no stranger has them all. */
export class CheckingPlaces {
  readonly #ofAddress = new Map<string, number>();
  #taken = 0;

  /** Takes a place, and gives how to leave it, which is idempotent; undefined if there is none. */
  enter(address: string): (() => void) | undefined {
    const key = addressKey(address);
    const ofAddress = this.#ofAddress.get(key) ?? 0;
    const isFull = key !== UNKNOWN_ADDRESS && ofAddress >= MAX_CHECKING_OF_ADDRESS;
    if (isFull || this.#taken >= MAX_CHECKING) return undefined;
    this.#taken++;
    this.#ofAddress.set(key, ofAddress + 1);
    let hasLeft = false;
    return () => {
      if (!hasLeft) this.#leave(key);
      hasLeft = true;
    };
  }

  #leave(key: string): void {
    this.#taken--;
    const left = (this.#ofAddress.get(key) ?? 0) - 1;
    if (left > 0) this.#ofAddress.set(key, left);
    else this.#ofAddress.delete(key);
  }
}
