import { useEffect, useState } from "preact/hooks";
import type { PeerDetail } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { type PeerSample, withSample } from "../data/peer-series.ts";
import { ratesOf } from "../data/rates.ts";
import { usePoll } from "../data/use-poll.ts";
import { Chart } from "../parts/chart.tsx";
import { PeerMarks } from "../parts/peer-marks.tsx";
import { Problem } from "../parts/problem.tsx";
import { formatRoute } from "../routing/route.ts";
import { formatBits, formatBytes, formatMs } from "../text/format.ts";
import { nameOf } from "../text/names.ts";
import { PeerActions } from "./peer-actions.tsx";
import { PeerDrops } from "./peer-drops.tsx";
import { PeerFacts } from "./peer-facts.tsx";
import { PeerAddresses, PeerConnections } from "./peer-lists.tsx";

const PERIOD_MS = 1_000;

/** Everything about one peer or uplink. */
export function PeerPage({ id }: { id: string }) {
  const { api } = useDashboard();
  const { value: peer, atMs, problem, askNow } = usePoll(() => api.peer(id), PERIOD_MS);
  const samples = useSamples(peer, atMs);
  return (
    <>
      <div class="page-head">
        <h1>
          <a href={formatRoute("peers")}>Peers</a> / {peer === undefined ? id : nameOf(peer)}
        </h1>
        {peer !== undefined && problem === undefined && <PeerMarks peer={peer} />}
        {peer?.kind === "peer" && problem === undefined && <PeerActions peer={peer} onDone={askNow} />}
      </div>
      <Problem text={problem} />
      {peer !== undefined && (
        <>
          <PeerCharts samples={samples} />
          <div class="columns">
            <PeerFacts peer={peer} />
            <PeerAddresses peer={peer} />
          </div>
          <PeerConnections peer={peer} />
          <PeerDrops peer={peer} />
        </>
      )}
    </>
  );
}

/** What was seen since the page was opened, at the reader's wall clock. */
function useSamples(peer: PeerDetail | undefined, atMs: number): readonly PeerSample[] {
  const [samples, setSamples] = useState<readonly PeerSample[]>([]);
  useEffect(() => {
    if (peer !== undefined) setSamples((before) => withSample(before, peer, performance.timeOrigin + atMs));
  }, [peer, atMs]);
  return samples;
}

function PeerCharts({ samples }: { samples: readonly PeerSample[] }) {
  const times = samples.map(({ atMs }) => atMs);
  const rates = ratesOf(samples);
  return (
    <>
      <Chart
        title="Throughput"
        times={times}
        lines={[
          { label: "it sends", values: rates.map((one) => one?.receivedBits ?? null) },
          { label: "it is sent", values: rates.map((one) => one?.sentBits ?? null) },
        ]}
        format={formatBits}
        leastTop={1_000}
      />
      <div class="columns">
        <Chart
          title="Round trip"
          times={times}
          lines={[{ label: "shortest", values: samples.map(({ roundTripMs }) => roundTripMs) }]}
          format={formatMs}
          leastTop={1}
        />
        <Chart
          title="Queue"
          times={times}
          lines={[{ label: "waits for it", values: samples.map(({ queuedBytes }) => queuedBytes) }]}
          format={formatBytes}
          leastTop={1_000}
        />
      </div>
    </>
  );
}
