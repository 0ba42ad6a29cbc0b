import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { Segmenter } from "../wire/segment.ts";
import { type EgressPools, makeEgressPools } from "./egress-pools.ts";
import { FlowTables } from "./flow-table.ts";
import { FrameStore } from "./frame-store.ts";
import { MaskKeys } from "./mask-keys.ts";
import { ReceiveBuffers } from "./receive-buffers.ts";
import type { SocketControl } from "./socket-control.ts";
import { Ticker } from "./ticker.ts";

/** What all connections of a process share; sound because each use ends within one step of the event loop. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly mask: MaskBytes;
  readonly receiveBuffers: ReceiveBuffers;
  readonly pools: EgressPools;
  /** Where frames wait, for all flow queues. */
  readonly frameStore: FrameStore;
  readonly flowTables: FlowTables;
  readonly segmenter: Segmenter;
  readonly maskKeys: MaskKeys;
  readonly ticker: Ticker;
  /** Sets what Node has no option for on a socket that will carry frames; see `tuneSocket` of the command line. */
  readonly tuneSocket: TuneSocket;
}

/** Answers what else can be done with the socket, if anything. */
export type TuneSocket = (socket: Socket) => SocketControl | undefined;

/** In front of a segment, for whoever sends it in place. */
const SEGMENT_HEADROOM_BYTES = 16;

export function makeConnectionDeps(clock: Clock, mask: MaskBytes, tuneSocket: TuneSocket): ConnectionDeps {
  return {
    clock,
    mask,
    tuneSocket,
    receiveBuffers: new ReceiveBuffers(),
    pools: makeEgressPools(),
    frameStore: new FrameStore(),
    flowTables: new FlowTables(),
    segmenter: new Segmenter({ headroom: SEGMENT_HEADROOM_BYTES }),
    maskKeys: new MaskKeys(),
    ticker: new Ticker(clock),
  };
}
