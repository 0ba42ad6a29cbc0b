import type { PacketHeaders } from "../wire/packet-headers.ts";

/** What was decided of a flow; `unknown` if it is not in the cache. */
export const Verdict = { unknown: 0, allow: 1, deny: 2 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Far more flows than one peer has at a time; 22 KiB. A power of two. */
const SLOTS = 512;
/** Source and destination address, four words each; both ports; IP version and protocol. */
const KEY_WORDS = 10;
const PORTS = 8;
const KIND = 9;

/**
 * Remembers what was decided of recent flows, by everything that a rule can ask: addresses, protocol, ports. Direct
 * mapped: a flow has one slot, and the flow that comes last has it. Keys are compared in full, so no flow borrows the
 * verdict of another; one that was displaced is judged anew. The hash is seeded at random, so that which flows displace
 * each other is not known beforehand.
 *
 *     slot:      0              1        …
 *     keys     ┌ 10 × int32 ┬ 10 × int32 ┬
 *     verdicts └   allow    ┴  unknown   ┴
 */
export class FlowCache {
  readonly #seed: number;
  readonly #keys = new Int32Array(SLOTS * KEY_WORDS);
  readonly #verdicts = new Uint8Array(SLOTS);
  /** The flow that was looked up last, and where its slot is. */
  readonly #key = new Int32Array(KEY_WORDS);
  #slot = 0;

  /** `seed`: 32 random bits. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** What was decided of the flow of this packet, which has IP addresses. */
  lookUp(headers: PacketHeaders): Verdict {
    this.#readKey(headers);
    this.#slot = this.#home();
    return this.#isKeyAt(this.#slot * KEY_WORDS) ? (this.#verdicts[this.#slot] as Verdict) : Verdict.unknown;
  }

  /** Notes what was decided of the flow that was looked up last. */
  remember(verdict: Verdict): void {
    const at = this.#slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) this.#keys[at + word] = this.#key[word] as number;
    this.#verdicts[this.#slot] = verdict;
  }

  #readKey({ bytes, ipVersion, sourceIp, destinationIp, protocol, sourcePort, destinationPort }: PacketHeaders): void {
    const key = this.#key;
    const words = ipVersion === 4 ? 1 : 4;
    for (let word = 0; word < 4; word++) {
      key[word] = word < words ? wordAt(bytes, sourceIp + 4 * word) : 0;
      key[4 + word] = word < words ? wordAt(bytes, destinationIp + 4 * word) : 0;
    }
    // Unknown ports read as 65535, which they must not be taken for.
    const hasPorts = sourcePort >= 0 ? 1 : 0;
    key[PORTS] = (sourcePort << 16) | (destinationPort & 0xffff);
    key[KIND] = (ipVersion << 16) | (hasPorts << 12) | (protocol & 0xfff);
  }

  /** Murmur3 over the words of the key. */
  #home(): number {
    let hash = this.#seed;
    for (let word = 0; word < KEY_WORDS; word++) {
      const mixed = Math.imul(this.#key[word] as number, 0xcc9e2d51);
      hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }

  #isKeyAt(at: number): boolean {
    for (let word = 0; word < KEY_WORDS; word++) if (this.#keys[at + word] !== this.#key[word]) return false;
    return true;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
