import { formatMs, formatRate, plural } from "../base/words.ts";
import type { ServerInfo } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import type { Paint } from "./paint.ts";
import { type SeenPeer, watchColumns } from "./peers-table.ts";
import { formatAge, formatSize } from "./quantities.ts";
import { formatTable } from "./text-table.ts";
import type { TrafficRate } from "./traffic-rates.ts";

/** A server and its peers at one moment. */
export interface PeersLook {
  readonly server: ServerInfo;
  /** Of the whole server. */
  readonly rate: TrafficRate | undefined;
  /** How many there are; some of them may be left away. */
  readonly total: number;
  readonly peers: readonly SeenPeer[];
}

/** Lines of `formatPeersView` that are no peer. */
export const OTHER_LINES = 5;

/** Where nobody says how wide the screen is. */
const MAX_LINE_LENGTH = 1024;

export interface PeersViewOptions {
  readonly width: number;
  /** Lines that there is room for. */
  readonly height: number;
  readonly paint: Paint;
  /** What keeps us from looking again; undefined if nothing does. */
  readonly trouble: string | undefined;
}

/** The lines of a screen: the server in two, then its peers, as many as there is room for. */
export function formatPeersView(look: PeersLook, options: PeersViewOptions): readonly string[] {
  const { width, height, paint, trouble } = options;
  const shown = look.peers.slice(0, Math.max(0, height - OTHER_LINES));
  const table = formatTable(watchColumns(look.server.nowMs), shown, { width, paint });
  const fit = (line: string): string => printable(line, Math.min(width, MAX_LINE_LENGTH));
  return [...headOf(look).map(fit), "", ...table, ...footOf(look.total - shown.length, trouble, paint, fit)];
}

function footOf(
  hidden: number,
  trouble: string | undefined,
  paint: Paint,
  fit: (line: string) => string,
): readonly string[] {
  if (trouble !== undefined) return [paint("red", fit(trouble))];
  return hidden > 0 ? [paint("dim", fit(`… and ${hidden} more`))] : [];
}

function headOf({ server, rate }: PeersLook): readonly string[] {
  const { agent, processId, state, startedMs, nowMs, peers, connections, memory, loopDelay } = server;
  const counted = `${plural(peers.here, "peer")}${peers.held === 0 ? "" : ` (${peers.held} held)`}`;
  const flows =
    rate === undefined
      ? "up -, down -"
      : `up ${formatRate(rate.receivedBytes)}, down ${formatRate(rate.sentBytes)}, ${Math.round(rate.drops)} drops/s`;
  return [
    `${agent}, process ${processId}, ${state} for ${formatAge(nowMs - startedMs)}; ${counted}, ${plural(connections, "connection")}`,
    `${flows}; memory ${formatSize(memory.residentBytes)}, late by ${formatMs(loopDelay.p99Ms)}`,
  ];
}
