import type { ServerInfo } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { NO_RATES, type Rates, ratesOf } from "../data/rates.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { useStore } from "../data/use-store.ts";
import { Chart } from "../parts/chart.tsx";
import { EventList } from "../parts/event-list.tsx";
import { type Figure, Figures } from "../parts/figures.tsx";
import { Problem } from "../parts/problem.tsx";
import { formatRoute } from "../routing/route.ts";
import { formatBits, formatBytes, formatCount, formatMs, formatPerSecond, formatSpan } from "../text/format.ts";
import { NetworkList } from "./network-list.tsx";

const LATEST_EVENTS = 12;

/** How the server is, at one glance. */
export function OverviewPage() {
  const { api, live } = useDashboard();
  const { value: server, problem } = usePoll(() => api.server(), TABLE_PERIOD_MS);
  const history = useStore(live.history);
  const rates = ratesOf(history);
  const times = history.map(({ atMs }) => atMs);
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Problem text={problem} />
      {server?.state === "draining" && <p class="panel warn">The server is stopping: it takes nobody new.</p>}
      {server !== undefined && <Figures figures={figuresOf(server, rates.at(-1) ?? NO_RATES)} />}
      <Chart
        title="Throughput"
        times={times}
        lines={[
          { label: "received", values: valuesOf(rates, "receivedBits") },
          { label: "sent", values: valuesOf(rates, "sentBits") },
        ]}
        format={formatBits}
        leastTop={1_000}
      />
      <div class="columns">
        <Chart
          title="Peers"
          times={times}
          lines={[{ label: "here", values: history.map(({ peers }) => peers) }]}
          format={formatCount}
          leastTop={5}
        />
        <Chart
          title="Drops per second"
          times={times}
          lines={[{ label: "frames", values: valuesOf(rates, "drops") }]}
          format={formatPerSecond}
          leastTop={5}
        />
      </div>
      <div class="columns">
        <NetworkList />
        <LatestEvents />
      </div>
    </>
  );
}

function figuresOf(server: ServerInfo, rates: Rates): readonly Figure[] {
  const { peers, loopDelay, memory } = server;
  return [
    {
      name: "Peers",
      value: <a href={formatRoute("peers")}>{formatCount(peers.here)}</a>,
      note:
        peers.held === 0 ? `of at most ${formatCount(peers.limit)}` : `${formatCount(peers.held)} without connection`,
    },
    { name: "Received", value: formatBits(rates.receivedBits), note: `${formatCount(rates.receivedFrames)} frames/s` },
    { name: "Sent", value: formatBits(rates.sentBits), note: `${formatCount(rates.sentFrames)} frames/s` },
    {
      name: "Drops",
      value: <a href={formatRoute("drops")}>{formatPerSecond(rates.drops)}/s</a>,
      note: `${formatCount(server.traffic.drops)} since the start`,
    },
    { name: "Event loop late by", value: formatMs(loopDelay.p99Ms), note: `median ${formatMs(loopDelay.medianMs)}` },
    { name: "Memory", value: formatBytes(memory.residentBytes), note: `heap ${formatBytes(memory.heapBytes)}` },
    { name: "Up for", value: formatSpan(server.nowMs - server.startedMs), note: server.agent },
  ];
}

function valuesOf(rates: readonly (Rates | undefined)[], key: keyof Rates): readonly (number | null)[] {
  return rates.map((one) => one?.[key] ?? null);
}

function LatestEvents() {
  const events = useStore(useDashboard().live.events);
  return (
    <section class="panel">
      <h2>
        <a href={formatRoute("events")}>Latest events</a>
      </h2>
      <EventList events={events.slice(-LATEST_EVENTS).reverse()} />
    </section>
  );
}
