import type { ServerInfo } from "../../../src/control/model.ts";
import { ActionButton } from "../actions/action-button.tsx";
import { ActionDialog } from "../actions/action-dialog.tsx";
import { useDashboard } from "../dashboard.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { Facts, type Figure } from "../parts/figures.tsx";
import { Problem } from "../parts/problem.tsx";
import { formatBytes, formatCount, formatMoment, formatMs, formatSpan } from "../text/format.ts";

/** The server itself, and what can be done to it. */
export function ServerPage() {
  const { api } = useDashboard();
  const { value: server, problem, askNow } = usePoll(() => api.server(), TABLE_PERIOD_MS);
  return (
    <>
      <div class="page-head">
        <h1>Server</h1>
        <ActionButton label="Reload…" dialog={(close) => <ReloadDialog onClose={close} onDone={askNow} />} />
        <ActionButton label="Stop…" isDanger dialog={(close) => <DrainDialog onClose={close} onDone={askNow} />} />
      </div>
      <Problem text={problem} />
      {server !== undefined && (
        <div class="columns">
          <Facts title="Program" facts={programFacts(server)} />
          <Facts title="Peers" facts={peerFacts(server)} />
          <Facts title="Traffic since the start" facts={trafficFacts(server)} />
          <Facts title="Health" facts={healthFacts(server)} />
        </div>
      )}
    </>
  );
}

function programFacts({
  agent,
  runtime,
  processId,
  state,
  startedMs,
  nowMs,
  listeners,
}: ServerInfo): readonly Figure[] {
  return [
    { name: "Version", value: agent },
    { name: "Node.js", value: runtime },
    { name: "Process", value: processId },
    { name: "State", value: state },
    { name: "Started", value: `${formatMoment(startedMs)}, ${formatSpan(nowMs - startedMs)} ago` },
    { name: "Listens at", value: listeners.map((one) => <div key={one}>{one}</div>) },
  ];
}

function peerFacts({ peers, connections, networks }: ServerInfo): readonly Figure[] {
  return [
    { name: "Here", value: `${formatCount(peers.here)} of at most ${formatCount(peers.limit)}` },
    { name: "Without connection", value: formatCount(peers.held) },
    { name: "Joined since the start", value: formatCount(peers.joined) },
    { name: "Refused since the start", value: formatCount(peers.refused) },
    { name: "Connections", value: formatCount(connections) },
    { name: "Networks", value: formatCount(networks) },
  ];
}

function trafficFacts({ traffic }: ServerInfo): readonly Figure[] {
  return [
    {
      name: "Received",
      value: `${formatBytes(traffic.receivedBytes)} in ${formatCount(traffic.receivedFrames)} frames`,
    },
    { name: "Sent", value: `${formatBytes(traffic.sentBytes)} in ${formatCount(traffic.sentFrames)} frames` },
    { name: "Dropped", value: `${formatCount(traffic.drops)} frames` },
  ];
}

function healthFacts({ loopDelay, memory }: ServerInfo): readonly Figure[] {
  return [
    { name: "Event loop late by, median", value: formatMs(loopDelay.medianMs) },
    { name: "Event loop late by, 99 of 100 times at most", value: formatMs(loopDelay.p99Ms) },
    { name: "Memory", value: formatBytes(memory.residentBytes) },
    { name: "Of it JavaScript's heap", value: formatBytes(memory.heapBytes) },
  ];
}

interface ServerDialogProps {
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function ReloadDialog({ onClose, onDone }: ServerDialogProps) {
  const { api } = useDashboard();
  return (
    <ActionDialog
      title="Read the configuration again"
      verb="Reload"
      act={() => api.reload()}
      onClose={onClose}
      onDone={onDone}
    >
      <p>And all files that it names. Peers stay; those who may no longer are closed.</p>
    </ActionDialog>
  );
}

function DrainDialog({ onClose, onDone }: ServerDialogProps) {
  const { api } = useDashboard();
  return (
    <ActionDialog
      title="Stop the server"
      verb="Stop the server"
      isDanger
      act={() => api.drain()}
      onClose={onClose}
      onDone={onDone}
    >
      <p>
        It takes nobody new, sends what waits, closes every connection and ends. This page goes with it; if something
        starts the server again, the page comes back by itself.
      </p>
    </ActionDialog>
  );
}
