import { useState } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import { browserClock } from "../data/browser-clock.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { useStore } from "../data/use-store.ts";
import { Problem } from "../parts/problem.tsx";
import { Drawing } from "./drawing.tsx";
import { DrawingSource } from "./drawing-source.ts";
import { TalkTable } from "./talk-table.tsx";

/** The network as a picture, and who talks the most as a table. */
export function NetworkPage() {
  const { api, router } = useDashboard();
  const { query } = useStore(router.route);
  const [source] = useState(() => new DrawingSource(api, browserClock));
  const { value, problem } = usePoll(() => source.look(), TABLE_PERIOD_MS);
  const search = query.search ?? "";
  return (
    <>
      <div class="page-head">
        <h1>Network</h1>
        <input
          type="search"
          aria-label="Find in the drawing"
          placeholder="Find user, MAC, address…"
          value={search}
          onInput={(event) => router.setQuery({ search: event.currentTarget.value })}
        />
      </div>
      <Problem text={problem} />
      {value === undefined ? (
        problem === undefined && <p class="asking">Asking the server…</p>
      ) : (
        <>
          <Drawing view={value} search={search} />
          <TalkTable view={value} />
        </>
      )}
    </>
  );
}
