import { useDashboard } from "../dashboard.ts";
import { dropLines, sumDrops } from "../data/drop-lines.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { useStore } from "../data/use-store.ts";
import { Chart } from "../parts/chart.tsx";
import { DropTable } from "../parts/drop-table.tsx";
import { Problem } from "../parts/problem.tsx";
import { Choice, networksOf } from "../table/table-tools.tsx";
import { useTableQuery } from "../table/use-table-query.ts";
import { formatPerSecond } from "../text/format.ts";

/** As many as there are colours. */
const MAX_LINES = 6;

/** What was lost, why, and what that means. */
export function DropsPage() {
  const { api, live } = useDashboard();
  const { value = [], problem } = usePoll(() => api.drops(), TABLE_PERIOD_MS);
  const query = useTableQuery({ key: "frames", isDescending: true });
  const history = useStore(live.history);
  const networks = networksOf(value);
  const rows = sumDrops(value.filter(({ network }) => query.network === "" || network === query.network));
  return (
    <>
      <div class="page-head">
        <h1>Drops</h1>
        {networks.length > 1 && (
          <Choice
            label="Network"
            value={query.network}
            options={[["", "all networks"], ...networks.map((name) => [name, name] as const)]}
            onChoose={(network) => query.set({ network })}
          />
        )}
      </div>
      <Problem text={problem} />
      <Chart
        title="Frames dropped per second, all networks"
        times={history.map(({ atMs }) => atMs)}
        lines={dropLines(history, MAX_LINES)}
        format={formatPerSecond}
        leastTop={5}
        empty="Nothing was dropped in the last ten minutes."
      />
      <section class="panel">
        <h2>Since the start</h2>
        <DropTable rows={rows} />
      </section>
    </>
  );
}
