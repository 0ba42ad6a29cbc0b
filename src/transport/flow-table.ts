import { Codel } from "./codel.ts";

/** Flows that a connection's waiting frames are sorted into, a power of two. */
const FLOW_BUCKETS = 256;
/** A flow may be in any bucket of its set, so that two of a hundred seldom share one (as sch_cake does). */
const WAYS = 8;

/** One more bucket, beside those of flows: what goes first. */
export const URGENT_BUCKET = FLOW_BUCKETS;
const BUCKETS = FLOW_BUCKETS + 1;

export const NO_FRAME = -1;
export const NO_BUCKET = -1;

/** Whether a bucket is in one of the two lists of deficit round robin (RFC 8290). */
const Listed = { none: 0, fresh: 1, old: 2 } as const;

/**
 * The buckets of one flow queue: its flows, and CoDel's state of each. Lent to a connection while frames wait in it,
 * because most connections never have any.
 */
export class FlowTable {
  /** First and last frame in each bucket. */
  readonly head = new Int32Array(BUCKETS);
  readonly tail = new Int32Array(BUCKETS);
  /** Chunks that the frames of each take: what a flow costs. */
  readonly chunks = new Int32Array(BUCKETS);
  /** Bytes that each may still send in this round. */
  readonly deficit = new Int32Array(BUCKETS);
  readonly codel = new Codel(BUCKETS);
  #freshHead = NO_BUCKET;
  #freshTail = NO_BUCKET;
  #oldHead = NO_BUCKET;
  #oldTail = NO_BUCKET;
  /** The bucket behind each in its list, and which list that is. */
  readonly #next = new Int32Array(BUCKETS);
  readonly #listed = new Uint8Array(BUCKETS);
  /** Which flow each bucket had last. */
  readonly #hashes = new Int32Array(BUCKETS);

  constructor() {
    this.clear();
  }

  isListed(bucket: number): boolean {
    return this.#listed[bucket] !== Listed.none;
  }

  /** For a new owner; all buckets are empty. */
  clear(): void {
    this.head.fill(NO_FRAME);
    this.#listed.fill(Listed.none);
    this.chunks.fill(0);
    this.#freshHead = NO_BUCKET;
    this.#oldHead = NO_BUCKET;
    this.#hashes.fill(-1);
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.codel.forget(bucket);
  }

  /** The bucket of the flow with this hash: its own, an idle one of its set, or, if all are busy, one that it shares. */
  bucketOf(hash: number): number {
    const set = hash & (FLOW_BUCKETS - WAYS);
    let idle = NO_BUCKET;
    for (let bucket = set; bucket < set + WAYS; bucket++) {
      if (this.#hashes[bucket] === hash) return bucket;
      if (idle === NO_BUCKET && this.#listed[bucket] === Listed.none) idle = bucket;
    }
    if (idle === NO_BUCKET) return set + ((hash >>> 16) & (WAYS - 1));
    this.#hashes[idle] = hash;
    this.codel.forget(idle);
    return idle;
  }

  /** Whose turn it is: flows that had nothing waiting go first. */
  get first(): number {
    return this.#freshHead === NO_BUCKET ? this.#oldHead : this.#freshHead;
  }

  listFresh(bucket: number): void {
    if (this.#freshHead === NO_BUCKET) this.#freshHead = bucket;
    else this.#next[this.#freshTail] = bucket;
    this.#freshTail = bucket;
    this.#next[bucket] = NO_BUCKET;
    this.#listed[bucket] = Listed.fresh;
  }

  /** The first one's turn is over: it goes behind all others. */
  moveToOld(): void {
    const bucket = this.#unlistFirst();
    if (this.#oldHead === NO_BUCKET) this.#oldHead = bucket;
    else this.#next[this.#oldTail] = bucket;
    this.#oldTail = bucket;
    this.#next[bucket] = NO_BUCKET;
    this.#listed[bucket] = Listed.old;
  }

  /** The first one has nothing waiting. One round among the old ones keeps it from being new again and again (4.2). */
  retire(): void {
    const wasFresh = this.#freshHead !== NO_BUCKET;
    if (wasFresh && this.#oldHead !== NO_BUCKET) this.moveToOld();
    else this.#listed[this.#unlistFirst()] = Listed.none;
  }

  #unlistFirst(): number {
    const bucket = this.first;
    if (this.#freshHead !== NO_BUCKET) this.#freshHead = this.#next[bucket] as number;
    else this.#oldHead = this.#next[bucket] as number;
    return bucket;
  }

  /** The bucket whose frames take the most memory. */
  fattest(): number {
    let fattest = 0;
    for (let bucket = 1; bucket < BUCKETS; bucket++) {
      if ((this.chunks[bucket] as number) > (this.chunks[fattest] as number)) fattest = bucket;
    }
    return fattest;
  }
}

/** Tables that nobody uses just now are kept for the next; more than that would be memory for nothing. */
const MAX_FREE_TABLES = 32;

export class FlowTables {
  readonly #free: FlowTable[] = [];

  take(): FlowTable {
    const table = this.#free.pop() ?? new FlowTable();
    table.clear();
    return table;
  }

  release(table: FlowTable): void {
    if (this.#free.length < MAX_FREE_TABLES) this.#free.push(table);
  }
}
