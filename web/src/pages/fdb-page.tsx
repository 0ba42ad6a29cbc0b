import type { FdbRow } from "../../../src/control/model.ts";
import { ActionButton } from "../actions/action-button.tsx";
import { ActionDialog } from "../actions/action-dialog.tsx";
import { useDashboard } from "../dashboard.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { PeerLink } from "../parts/peer-link.tsx";
import { Problem } from "../parts/problem.tsx";
import type { Column } from "../table/column.ts";
import { CutNote } from "../table/cut-note.tsx";
import { DataTable } from "../table/data-table.tsx";
import { matches } from "../table/search.ts";
import { networksOf, TableTools } from "../table/table-tools.tsx";
import { useTableQuery } from "../table/use-table-query.ts";
import { formatSpan } from "../text/format.ts";

const ownerOf = ({ user, peer }: FdbRow): string => (user === "" ? peer : user);

const COLUMNS: readonly Column<FdbRow>[] = [
  {
    key: "mac",
    title: "MAC",
    width: "11rem",
    sortBy: ({ mac }) => mac,
    show: ({ mac }) => <span class="mono">{mac}</span>,
  },
  {
    key: "peer",
    title: "At",
    width: "13rem",
    sortBy: ownerOf,
    show: (row) => <PeerLink id={row.peer} name={ownerOf(row)} />,
  },
  { key: "network", title: "Network", width: "9rem", sortBy: ({ network }) => network, show: ({ network }) => network },
  {
    key: "kind",
    title: "Kind",
    width: "7rem",
    sortBy: ({ pinned }) => pinned,
    show: ({ pinned }) => (pinned ? "pinned" : "learned"),
  },
  {
    key: "age",
    title: "Last seen before",
    width: "9rem",
    isFigure: true,
    sortBy: ({ pinned, ageMs }) => (pinned ? null : ageMs),
    show: ({ pinned, ageMs }) => (pinned ? "–" : formatSpan(ageMs)),
  },
];

/** The forwarding table: which address is at which port. */
export function FdbPage() {
  const { api } = useDashboard();
  const { value, problem, askNow } = usePoll(() => api.fdb(), TABLE_PERIOD_MS);
  const query = useTableQuery({ key: "mac", isDescending: false });
  const rows = value?.entries ?? [];
  const shown = rows.filter(
    ({ network, mac, peer, user }) =>
      (query.network === "" || network === query.network) && matches(query.search, [mac, peer, user, network]),
  );
  return (
    <>
      <TableTools
        title="Forwarding table"
        query={query}
        networks={networksOf(rows)}
        hint="MAC, user …"
        shown={shown.length}
        total={value?.total ?? 0}
      >
        <ActionButton label="Forget learned…" dialog={(close) => <FlushDialog onClose={close} onDone={askNow} />} />
      </TableTools>
      <Problem text={problem} />
      <CutNote loaded={rows.length} total={value?.total ?? 0} />
      <DataTable
        label="Forwarding table"
        columns={COLUMNS}
        rows={shown}
        keyOf={({ network, mac }) => `${network} ${mac}`}
        order={query.order}
        onOrder={query.setOrder}
        empty={value === undefined ? "Asking the server…" : "No address fits."}
      />
    </>
  );
}

function FlushDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { api } = useDashboard();
  return (
    <ActionDialog
      title="Forget all learned addresses"
      verb="Forget"
      act={() => api.flushFdb()}
      onClose={onClose}
      onDone={onDone}
    >
      <p>In all networks. Pinned ones stay. Until addresses are learned again, frames for them go to every bridge.</p>
    </ActionDialog>
  );
}
