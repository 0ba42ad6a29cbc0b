import type { PeerRow } from "../../../src/control/model.ts";
import type { PeerTrend } from "../data/peer-rates.ts";
import { PeerLink } from "../parts/peer-link.tsx";
import { PeerMarks } from "../parts/peer-marks.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import type { Column } from "../table/column.ts";
import { formatBits, formatBytes, formatCount, formatMs, formatSpan } from "../text/format.ts";
import { nameOf } from "../text/names.ts";

/** A row of the table of peers. */
export interface PeerView extends PeerTrend {
  readonly row: PeerRow;
  /** Of the server. */
  readonly nowMs: number;
}

export const PEER_COLUMNS: readonly Column<PeerView>[] = [
  {
    key: "name",
    title: "Name",
    width: "11rem",
    sortBy: ({ row }) => nameOf(row),
    show: ({ row }) => <PeerLink id={row.id} name={nameOf(row)} />,
  },
  {
    key: "state",
    title: "State",
    width: "9rem",
    sortBy: ({ row }) => row.state,
    show: ({ row }) => <PeerMarks peer={row} />,
  },
  {
    key: "network",
    title: "Network",
    width: "6rem",
    isExtra: true,
    sortBy: ({ row }) => row.network,
    show: ({ row }) => row.network,
  },
  {
    key: "address",
    title: "From",
    width: "8.5rem",
    isExtra: true,
    sortBy: ({ row }) => (row.address === "" ? null : row.address),
    show: ({ row }) => row.address,
  },
  {
    key: "from",
    title: "It sends",
    width: "7rem",
    isFigure: true,
    sortBy: ({ rates }) => rates.receivedBits,
    show: ({ rates }) => formatBits(rates.receivedBits),
  },
  {
    key: "to",
    title: "It is sent",
    width: "7rem",
    isFigure: true,
    sortBy: ({ rates }) => rates.sentBits,
    show: ({ rates }) => formatBits(rates.sentBits),
  },
  { key: "trend", title: "Both", width: "7.6rem", show: ({ trend }) => <Sparkline values={trend} /> },
  {
    key: "roundTrip",
    title: "Round trip",
    width: "7rem",
    isFigure: true,
    sortBy: ({ row }) => row.roundTripMs,
    show: ({ row }) => (row.roundTripMs === null ? "–" : formatMs(row.roundTripMs)),
  },
  {
    key: "queue",
    title: "Queue",
    width: "5.5rem",
    isFigure: true,
    sortBy: ({ row }) => row.queuedBytes,
    show: ({ row }) => formatBytes(row.queuedBytes),
  },
  {
    key: "drops",
    title: "Drops",
    width: "5rem",
    isFigure: true,
    sortBy: ({ row }) => row.traffic.drops,
    show: ({ row }) => formatCount(row.traffic.drops),
  },
  {
    key: "since",
    title: "For",
    width: "6.5rem",
    isFigure: true,
    sortBy: ({ row, nowMs }) => nowMs - row.sinceMs,
    show: ({ row, nowMs }) => formatSpan(nowMs - row.sinceMs),
  },
  {
    key: "mac",
    title: "MAC",
    width: "10.5rem",
    isExtra: true,
    sortBy: ({ row }) => row.mac,
    show: ({ row }) => <span class="mono">{row.mac ?? "–"}</span>,
  },
  {
    key: "agent",
    title: "Client",
    width: "8rem",
    isExtra: true,
    sortBy: ({ row }) => row.agent ?? row.dialect,
    show: ({ row }) => row.agent ?? (row.dialect === "v1" ? "original (v1)" : "–"),
  },
];
