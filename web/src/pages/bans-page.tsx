import type { Ban } from "../../../src/control/model.ts";
import { ActionButton } from "../actions/action-button.tsx";
import { ActionDialog } from "../actions/action-dialog.tsx";
import { useDashboard } from "../dashboard.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { Problem } from "../parts/problem.tsx";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/data-table.tsx";
import { matches } from "../table/search.ts";
import { TableTools } from "../table/table-tools.tsx";
import { useTableQuery } from "../table/use-table-query.ts";
import { formatMoment, formatSpan } from "../text/format.ts";

/** Who may not join for a while. */
export function BansPage() {
  const { api, live } = useDashboard();
  const { value, problem, askNow } = usePoll(() => api.bans(), TABLE_PERIOD_MS);
  const query = useTableQuery({ key: "until", isDescending: false });
  const bans = value ?? [];
  const shown = bans.filter(({ user, mac, reason, by }) => matches(query.search, [user, mac, reason, by]));
  return (
    <>
      <TableTools
        title="Bans"
        query={query}
        networks={[]}
        hint="user, MAC, reason …"
        shown={shown.length}
        total={bans.length}
      />
      <Problem text={problem} />
      <DataTable
        label="Bans"
        columns={columns(live.nowMs, askNow)}
        rows={shown}
        keyOf={({ id }) => id}
        order={query.order}
        onOrder={query.setOrder}
        empty={value === undefined ? "Asking the server…" : "Nobody is kept out. A ban is made on a peer's page."}
      />
    </>
  );
}

const whomOf = ({ user, mac }: Ban): string => (user === "" ? (mac ?? "anonymous") : user);

function columns(nowMs: number, onLifted: () => void): readonly Column<Ban>[] {
  return [
    { key: "whom", title: "Who", width: "13rem", sortBy: whomOf, show: whomOf },
    {
      key: "until",
      title: "For another",
      width: "9rem",
      sortBy: ({ untilMs }) => untilMs,
      show: ({ untilMs }) => <span title={`until ${formatMoment(untilMs)}`}>{formatSpan(untilMs - nowMs)}</span>,
    },
    {
      key: "reason",
      title: "Reason",
      width: "18rem",
      sortBy: ({ reason }) => reason,
      show: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    { key: "by", title: "By", width: "10rem", sortBy: ({ by }) => by, show: ({ by }) => by },
    {
      key: "lift",
      title: "Action",
      width: "6rem",
      show: (ban) => (
        <ActionButton label="Lift…" dialog={(close) => <LiftDialog ban={ban} onClose={close} onDone={onLifted} />} />
      ),
    },
  ];
}

function LiftDialog({ ban, onClose, onDone }: { ban: Ban; onClose: () => void; onDone: () => void }) {
  const { api } = useDashboard();
  return (
    <ActionDialog
      title={`Lift the ban of ${whomOf(ban)}`}
      verb="Lift"
      act={() => api.unban(ban.id)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{whomOf(ban)} may join again at once.</p>
    </ActionDialog>
  );
}
