import { RandomNumbers } from "../lab/path/random-numbers.ts";

/** A seeded generator: the same seed, the same run. */
export class Random {
  readonly #numbers: RandomNumbers;

  constructor(seed: number) {
    this.#numbers = new RandomNumbers(seed);
  }

  /** A generator that depends on nothing but the bytes (FNV-1a), so that an input alone repeats its run. */
  static of(bytes: Uint8Array): Random {
    return new Random(bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5));
  }

  uint32(): number {
    return this.#numbers.next() * 2 ** 32;
  }

  /** 0 ≤ result < `bound`. */
  below(bound: number): number {
    return this.uint32() % bound;
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** `count` results of `make`, below `bound` of them. */
  several<T>(bound: number, make: () => T): T[] {
    return Array.from({ length: this.below(bound) }, make);
  }
}

/** Bytes at which decoders turn: limits, signs, flags, delimiters. */
const INTERESTING = [
  0, 1, 2, 3, 4, 9, 10, 13, 14, 20, 32, 45, 58, 125, 126, 127, 128, 129, 130, 136, 137, 253, 254, 255,
] as const;

/** The input with up to four changes of the kinds that senders, attackers and cut cables make. */
export function mutate(input: Uint8Array, random: Random): Uint8Array {
  let bytes = input;
  for (let changes = random.below(5); changes > 0; changes--) bytes = changeOnce(bytes, random);
  return bytes;
}

function changeOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + random.below(random.oneIn(4) ? 64 : 4));
  switch (random.below(6)) {
    case 0:
      return replace(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return replace(bytes, at, at + 1, Uint8Array.of(random.pick(INTERESTING)));
    case 2:
      return replace(bytes, at, at + 2, Uint8Array.of(random.pick(INTERESTING), random.pick(INTERESTING)));
    case 3:
      return replace(bytes, at, to, new Uint8Array(0));
    case 4:
      return replace(bytes, at, at, random.oneIn(2) ? bytes.slice(at, to) : random.bytes(1 + random.below(8)));
    default:
      return random.oneIn(4) ? bytes.slice(0, at) : replace(bytes, at, at + 1, random.bytes(1));
  }
}

function replace(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, start), ...by, ...bytes.subarray(end)]);
}
