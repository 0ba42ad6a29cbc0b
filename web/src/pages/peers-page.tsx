import { useEffect, useState } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import { PeerRates } from "../data/peer-rates.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { Problem } from "../parts/problem.tsx";
import { CutNote } from "../table/cut-note.tsx";
import { DataTable } from "../table/data-table.tsx";
import { matches } from "../table/search.ts";
import { networksOf, TableTools } from "../table/table-tools.tsx";
import { useTableQuery } from "../table/use-table-query.ts";
import { nameOf } from "../text/names.ts";
import { PEER_COLUMNS, type PeerView } from "./peer-columns.tsx";

const NO_ROWS: readonly PeerView["row"][] = [];

/** Everybody who is on, uplinks included. */
export function PeersPage() {
  const { api } = useDashboard();
  const { value, atMs, problem } = usePoll(() => api.peers(), TABLE_PERIOD_MS);
  const query = useTableQuery({ key: "name", isDescending: false });
  const views = usePeerViews(value?.peers ?? NO_ROWS, atMs);
  const shown = views.filter(
    ({ row }) =>
      (query.network === "" || row.network === query.network) &&
      matches(query.search, [nameOf(row), row.id, row.address, row.mac, row.network, row.agent, row.state]),
  );
  return (
    <>
      <TableTools
        title="Peers"
        query={query}
        networks={networksOf(value?.peers ?? [])}
        hint="name, address, MAC …"
        shown={shown.length}
        total={value?.total ?? 0}
      />
      <Problem text={problem} />
      <CutNote loaded={value?.peers.length ?? 0} total={value?.total ?? 0} />
      <DataTable
        label="Peers and uplinks"
        columns={PEER_COLUMNS}
        rows={shown}
        keyOf={({ row }) => row.id}
        order={query.order}
        onOrder={query.setOrder}
        empty={value === undefined ? "Asking the server…" : "Nobody is on who fits."}
      />
    </>
  );
}

/** Rows with their rates; those are known from the second look on. */
function usePeerViews(rows: readonly PeerView["row"][], atMs: number): readonly PeerView[] {
  const { live } = useDashboard();
  const [rates] = useState(() => new PeerRates());
  const [views, setViews] = useState<readonly PeerView[]>([]);
  useEffect(() => {
    if (atMs === 0) return;
    rates.look(live.instance.value, atMs, rows);
    setViews(rows.map((row) => ({ row, nowMs: live.nowMs, ...rates.of(row.id) })));
  }, [rates, live, rows, atMs]);
  return views;
}
