import {
  type MetricDefinition,
  perDirection,
  perNetwork,
  type Reading,
  type Sample,
  single,
} from "./metric-definition.ts";
import { PEER_DIALECTS, PEER_STATES } from "./metrics-peers.ts";

/** All metrics but the histogram of round trips. Names are stable: dashboards and alerts of others use them. */
export const METRICS: readonly MetricDefinition[] = [
  {
    name: "vpn_ws_build_info",
    kind: "gauge",
    help: "Always 1; its labels say which version runs, on which Node.js.",
    labels: ["version", "runtime"],
    read: ({ server: { agent, runtime } }) => [{ value: 1, labels: { version: agent.replace(/^.*\//, ""), runtime } }],
  },
  {
    name: "vpn_ws_start_time_seconds",
    kind: "gauge",
    help: "When the server started, Unix time.",
    labels: [],
    read: ({ server }) => single(server.startedMs / 1_000),
  },
  {
    name: "vpn_ws_server_state",
    kind: "gauge",
    help: "1 for the state that the server is in, 0 for the other.",
    labels: ["state"],
    read: ({ server }) =>
      ["serving", "draining"].map((state) => ({ value: server.state === state ? 1 : 0, labels: { state } })),
  },
  {
    name: "vpn_ws_peers",
    kind: "gauge",
    help: "Sessions of peers; one that waits for its client to come back is held.",
    labels: ["network", "state", "dialect"],
    read: peersByState,
  },
  {
    name: "vpn_ws_peer_limit",
    kind: "gauge",
    help: "Most peers that may be here at a time.",
    labels: [],
    read: ({ server }) => single(server.peers.limit),
  },
  {
    name: "vpn_ws_connections",
    kind: "gauge",
    help: "Open connections of peers.",
    labels: [],
    read: ({ server }) => single(server.connections),
  },
  {
    name: "vpn_ws_joins_total",
    kind: "counter",
    help: "Peers that joined.",
    labels: [],
    read: ({ server }) => single(server.peers.joined),
  },
  {
    name: "vpn_ws_refusals_total",
    kind: "counter",
    help: "Requests that were refused.",
    labels: [],
    read: ({ server }) => single(server.peers.refused),
  },
  {
    name: "vpn_ws_frames_total",
    kind: "counter",
    help: "Frames from attachments (ingress), and to them (egress).",
    labels: ["network", "direction"],
    read: (reading) =>
      perDirection(
        reading,
        ({ traffic }) => traffic.receivedFrames,
        ({ traffic }) => traffic.sentFrames,
      ),
  },
  {
    name: "vpn_ws_frame_bytes_total",
    kind: "counter",
    help: "Bytes of frames from attachments (ingress), and to them (egress).",
    labels: ["network", "direction"],
    read: (reading) =>
      perDirection(
        reading,
        ({ traffic }) => traffic.receivedBytes,
        ({ traffic }) => traffic.sentBytes,
      ),
  },
  {
    name: "vpn_ws_dropped_frames_total",
    kind: "counter",
    help: "Frames from attachments (ingress) or for them (egress) that were lost, by reason.",
    labels: ["network", "direction", "reason"],
    read: ({ drops }) =>
      drops.map(({ network, direction, reason, frames }) => ({
        value: frames,
        labels: { network, direction, reason },
      })),
  },
  {
    name: "vpn_ws_queued_bytes",
    kind: "gauge",
    help: "What waits for peers.",
    labels: ["network"],
    read: (reading) => perNetwork(reading, ({ name }) => reading.peers.queuedBytes(name)),
  },
  {
    name: "vpn_ws_shut_ports",
    kind: "gauge",
    help: "Ports that are shut for a while because of a loop behind them.",
    labels: ["network"],
    read: (reading) => perNetwork(reading, ({ name }) => reading.peers.shutPorts(name)),
  },
  {
    name: "vpn_ws_fdb_entries",
    kind: "gauge",
    help: "MAC addresses in the forwarding table.",
    labels: ["network"],
    read: (reading) => perNetwork(reading, ({ fdb }) => fdb.entries),
  },
  {
    name: "vpn_ws_fdb_learned_entries",
    kind: "gauge",
    help: "Those of them that were learned.",
    labels: ["network"],
    read: (reading) => perNetwork(reading, ({ fdb }) => fdb.learned),
  },
  {
    name: "vpn_ws_fdb_capacity_entries",
    kind: "gauge",
    help: "Most MAC addresses that the forwarding table learns.",
    labels: ["network"],
    read: (reading) => perNetwork(reading, ({ fdb }) => fdb.capacity),
  },
  {
    name: "vpn_ws_events_total",
    kind: "counter",
    help: "Lines of the log, from info on.",
    labels: ["level"],
    read: ({ events }) => Object.entries(events).map(([level, value]) => ({ value, labels: { level } })),
  },
  {
    name: "vpn_ws_event_loop_delay_median_seconds",
    kind: "gauge",
    help: "By how much the event loop was late, median of the last ten seconds.",
    labels: [],
    read: ({ server }) => single(server.loopDelay.medianMs / 1_000),
  },
  {
    name: "vpn_ws_event_loop_delay_p99_seconds",
    kind: "gauge",
    help: "By how much the event loop was late, 99th percentile of the last ten seconds.",
    labels: [],
    read: ({ server }) => single(server.loopDelay.p99Ms / 1_000),
  },
  {
    name: "vpn_ws_heap_bytes",
    kind: "gauge",
    help: "JavaScript heap in use.",
    labels: [],
    read: ({ server }) => single(server.memory.heapBytes),
  },
  // What everybody tells of a process has the same names everywhere.
  {
    name: "process_cpu_seconds_total",
    kind: "counter",
    help: "CPU time of all threads.",
    labels: [],
    read: ({ process }) => single(process.cpuSeconds),
  },
  {
    name: "process_start_time_seconds",
    kind: "gauge",
    help: "When the process started, Unix time.",
    labels: [],
    read: ({ process }) => single(process.startedSeconds),
  },
  {
    name: "process_resident_memory_bytes",
    kind: "gauge",
    help: "Resident memory.",
    labels: [],
    read: ({ server }) => single(server.memory.residentBytes),
  },
  {
    name: "process_open_fds",
    kind: "gauge",
    help: "Open file descriptors.",
    labels: [],
    read: ({ process }) => single(process.openFds),
  },
  {
    name: "process_max_fds",
    kind: "gauge",
    help: "Most file descriptors that may be open.",
    labels: [],
    read: ({ process }) => single(process.maxFds),
  },
];

/** States without a peer too: a series that is not there cannot be compared with 0. */
function peersByState({ networks, peers }: Reading): readonly Sample[] {
  return networks.flatMap(({ name: network }) =>
    PEER_STATES.flatMap((state) =>
      PEER_DIALECTS.map((dialect) => ({
        value: peers.peers(network, state, dialect),
        labels: { network, state, dialect },
      })),
    ),
  );
}
