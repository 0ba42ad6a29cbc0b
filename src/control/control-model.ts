import type { CaptureOutcome, CaptureRequest } from "../capture/capture.ts";
import type { Action, ActionResult, Operator } from "./action.ts";
import type { EventFeed } from "./event-feed.ts";
import type {
  Ban,
  DropRow,
  FdbRow,
  HistorySample,
  NetworkInfo,
  PairList,
  PeerDetail,
  PeerRow,
  ServerInfo,
} from "./model.ts";

/**
 * A running server as all views see it. Rows are made as they are walked, so whoever shows thousands may pause
 * between them; who comes or goes meanwhile may be in or not. Nothing here is asked per frame.
 */
export interface ControlModel {
  server(): ServerInfo;
  networks(): readonly NetworkInfo[];
  /** Uplinks first, then peers in the order they came. */
  peers(): Iterable<PeerRow>;
  peer(id: string): PeerDetail | undefined;
  /** In no particular order. */
  fdb(): Iterable<FdbRow>;
  drops(): readonly DropRow[];
  /** Oldest first, a second apart. */
  history(): readonly HistorySample[];
  /** Who sent to whom since somebody began to look; asking is looking, for the next minute. */
  pairs(): PairList;
  bans(): readonly Ban[];
  readonly events: EventFeed;
  /** Begins to look at frames; the caller must close what it is given. Logs who does: `control.capture`. */
  capture(operator: Operator, request: CaptureRequest): CaptureOutcome;
  /** Does it, and logs who did: `control.action`. The operator's role was checked by the caller. */
  perform(operator: Operator, action: Action): Promise<ActionResult>;
}
