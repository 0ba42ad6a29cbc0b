import { useMemo, useState } from "preact/hooks";
import type { ControlEvent } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";
import { Dialog } from "../parts/dialog.tsx";
import { LevelMark } from "../parts/event-list.tsx";
import { PeerLink } from "../parts/peer-link.tsx";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/data-table.tsx";
import { matches } from "../table/search.ts";
import { Choice, TableTools } from "../table/table-tools.tsx";
import { useTableQuery } from "../table/use-table-query.ts";
import { formatMoment } from "../text/format.ts";

const LEVELS: readonly (readonly [string, string])[] = [
  ["", "all levels"],
  ["warn", "warnings and errors"],
  ["error", "errors"],
];
const HEIGHT: Readonly<Record<ControlEvent["level"], number>> = { info: 0, warn: 1, error: 2 };

/** What happened, as it happens: the server's log from `info` on. */
export function EventsPage() {
  const { live, router } = useDashboard();
  const events = useStore(live.events);
  const query = useTableQuery({ key: "at", isDescending: true });
  const least = useStore(router.route).query.level ?? "";
  const [frozen, setFrozen] = useState<readonly ControlEvent[]>();
  const [opened, setOpened] = useState<ControlEvent>();
  const shownColumns = useMemo(() => columns(setOpened), []);
  const present = frozen ?? events;
  const shown = present.filter(
    (one) => HEIGHT[one.level] >= (HEIGHT[least as ControlEvent["level"]] ?? 0) && matches(query.search, textsOf(one)),
  );
  return (
    <>
      <TableTools
        title="Events"
        query={query}
        networks={[]}
        hint="name, text, value …"
        shown={shown.length}
        total={present.length}
      >
        <Choice label="Level" value={least} options={LEVELS} onChoose={(level) => query.set({ level })} />
        <button
          type="button"
          aria-pressed={frozen !== undefined}
          onClick={() => setFrozen(frozen ? undefined : events)}
        >
          {frozen === undefined ? "Pause" : "Go on"}
        </button>
      </TableTools>
      <DataTable
        label="Events"
        columns={shownColumns}
        rows={shown}
        keyOf={({ id }) => String(id)}
        order={query.order}
        onOrder={query.setOrder}
        empty="Nothing happened that fits."
      />
      {opened !== undefined && <EventDialog event={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function textsOf({ event, message, level, fields }: ControlEvent): readonly string[] {
  return [event, message, level, JSON.stringify(fields)];
}

function columns(onOpen: (event: ControlEvent) => void): readonly Column<ControlEvent>[] {
  return [
    { key: "at", title: "Time", width: "11rem", sortBy: ({ id }) => id, show: ({ atMs }) => formatMoment(atMs) },
    {
      key: "level",
      title: "Level",
      width: "5rem",
      sortBy: ({ level }) => HEIGHT[level],
      show: ({ level }) => <LevelMark level={level} />,
    },
    {
      key: "event",
      title: "Event",
      width: "12rem",
      sortBy: ({ event }) => event,
      show: (row) => (
        <button type="button" class="link mono" onClick={() => onOpen(row)}>
          {row.event}
        </button>
      ),
    },
    { key: "message", title: "What", width: "30rem", show: ({ message }) => <span title={message}>{message}</span> },
  ];
}

/** One event with all that is known of it. */
function EventDialog({ event, onClose }: { event: ControlEvent; onClose: () => void }) {
  const peer = event.fields.peer;
  return (
    <Dialog title={event.event} onClose={onClose}>
      <p>
        {formatMoment(event.atMs)} <LevelMark level={event.level} />
      </p>
      <p>{event.message}</p>
      <dl class="facts">
        {Object.entries(event.fields).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        {(typeof peer === "number" || typeof peer === "string") && <PeerLink id={String(peer)} name={`peer ${peer}`} />}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
