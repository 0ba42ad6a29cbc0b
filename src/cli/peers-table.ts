import { formatMs, formatRate } from "../base/words.ts";
import type { PeerRow } from "../control/model.ts";
import type { Style } from "./paint.ts";
import { formatAge, formatSize } from "./quantities.ts";
import type { Column } from "./text-table.ts";
import type { TrafficRate } from "./traffic-rates.ts";

/** A peer, and how fast its traffic is if somebody has looked twice. */
export interface SeenPeer {
  readonly row: PeerRow;
  readonly rate: TrafficRate | undefined;
}

/** What peers can be sorted by: the columns of the table, and the API's name for each. */
export const SORT_COLUMNS = {
  id: "id",
  user: "user",
  network: "network",
  address: "address",
  state: "state",
  since: "sinceMs",
  rtt: "roundTripMs",
  queue: "queuedBytes",
  up: "receivedBytes",
  down: "sentBytes",
  drops: "drops",
} as const;
export type SortColumn = keyof typeof SORT_COLUMNS;

/** Of which the largest is the one that is looked for. */
const DESCENDING: ReadonlySet<SortColumn> = new Set(["rtt", "queue", "up", "down", "drops"]);

export function orderOf(column: SortColumn): "asc" | "desc" {
  return DESCENDING.has(column) ? "desc" : "asc";
}

const STATES: Readonly<Record<PeerRow["state"], Style | undefined>> = {
  open: undefined,
  held: "yellow",
  leaving: "dim",
};
/** A queue of so much is worth a look. */
const LONG_QUEUE_BYTES = 256 * 1024;

/** What stands for what is not known. */
const NONE = "-";

/** All that is known of each at `nowMs`; a narrow screen shows the first of it. `up` is from the peer, `down` to it. */
export function peerColumns(nowMs: number): readonly Column<SeenPeer>[] {
  return [
    ...whoColumns(nowMs),
    { heading: "UP", align: "right", cell: ({ row }) => formatSize(row.traffic.receivedBytes) },
    { heading: "DOWN", align: "right", cell: ({ row }) => formatSize(row.traffic.sentBytes) },
    { heading: "DROPS", align: "right", cell: ({ row }) => String(row.traffic.drops) },
  ];
}

/** The same with rates for counters. */
export function watchColumns(nowMs: number): readonly Column<SeenPeer>[] {
  const isDropping = ({ rate }: SeenPeer): boolean => rate !== undefined && rate.drops > 0;
  return [
    ...whoColumns(nowMs),
    rateColumn("UP", ({ rate }) => rate?.receivedBytes),
    rateColumn("DOWN", ({ rate }) => rate?.sentBytes),
    {
      heading: "DROPS/S",
      align: "right",
      cell: ({ rate }) => (rate === undefined ? NONE : rate.drops.toFixed(rate.drops > 0 && rate.drops < 10 ? 1 : 0)),
      style: (peer) => (isDropping(peer) ? "red" : undefined),
    },
  ];
}

function whoColumns(nowMs: number): readonly Column<SeenPeer>[] {
  return [
    { heading: "ID", align: "right", cell: ({ row }) => row.id.replace(/^uplink:.*$/, NONE) },
    { heading: "USER", cell: ({ row }) => whoIs(row), leastWidth: 8 },
    { heading: "NETWORK", cell: ({ row }) => row.network, leastWidth: 7, dispensable: 5 },
    { heading: "ADDRESS", cell: ({ row }) => row.address || NONE, leastWidth: 15, dispensable: 6 },
    { heading: "MAC", cell: ({ row }) => row.mac ?? NONE, dispensable: 7 },
    { heading: "AGENT", cell: ({ row }) => row.agent ?? row.dialect ?? NONE, leastWidth: 8, dispensable: 9 },
    { heading: "STATE", cell: ({ row }) => stateOf(row), style: ({ row }) => (row.shut ? "red" : STATES[row.state]) },
    { heading: "SINCE", align: "right", cell: ({ row }) => formatAge(nowMs - row.sinceMs), dispensable: 4 },
    { heading: "LINKS", align: "right", cell: ({ row }) => String(row.connections), dispensable: 8 },
    {
      heading: "RTT",
      align: "right",
      cell: ({ row }) => (row.roundTripMs === null ? NONE : formatMs(row.roundTripMs)),
    },
    {
      heading: "QUEUE",
      align: "right",
      cell: ({ row }) => formatSize(row.queuedBytes),
      steadyWidth: "99.9 kB".length,
      style: ({ row }) => (row.queuedBytes >= LONG_QUEUE_BYTES ? "yellow" : undefined),
    },
  ];
}

/** A name for who has none. */
function whoIs({ kind, network, user, guest }: PeerRow): string {
  if (kind === "uplink") return `(uplink of ${network})`;
  return user === "" ? (guest ? "(guest)" : "(anonymous)") : user;
}

/** What is most worth to be known of it. */
function stateOf({ state, shut, isolated, bridge }: PeerRow): string {
  const marks = [shut ? "shut" : "", isolated ? "isolated" : "", bridge ? "bridge" : ""].filter((mark) => mark !== "");
  return [state, ...marks].join(",");
}

function rateColumn(heading: string, bytesPerSecond: (peer: SeenPeer) => number | undefined): Column<SeenPeer> {
  const cell = (peer: SeenPeer): string => {
    const rate = bytesPerSecond(peer);
    return rate === undefined ? NONE : formatRate(rate);
  };
  return { heading, align: "right", cell, steadyWidth: "99.9 Mbit/s".length };
}
