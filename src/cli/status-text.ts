import { formatMs, formatRate, plural } from "../base/words.ts";
import type { ClientStatus } from "../control/client-model.ts";
import type { HistorySample, NetworkInfo, ServerInfo } from "../control/model.ts";
import { printable } from "../wire/printable.ts";
import type { Paint, Style } from "./paint.ts";
import { formatAge, formatMoment, formatSize } from "./quantities.ts";
import type { TrafficRate } from "./traffic-rates.ts";

/** A line of a status: what it is about, and what there is to say. A stranger's words may be in it. */
type Line = readonly [about: string, text: string, style?: Style];

/** Of what a line is about; the texts begin behind it. */
const ABOUT_WIDTH = 13;
/** Connections of one client, or networks of one server, that are shown. */
const MOST_SHOWN = 32;

/** The status of something, under a heading. */
export function formatStatus(heading: string, lines: readonly Line[], paint: Paint): string {
  const texts = lines.map(([about, text, style]) => {
    const shown = printable(text);
    return `  ${about.padEnd(ABOUT_WIDTH)}${style === undefined ? shown : paint(style, shown)}`;
  });
  return `${[paint("bold", printable(heading)), ...texts].join("\n")}\n`;
}

export interface ServerStatus {
  readonly server: ServerInfo;
  readonly networks: readonly NetworkInfo[];
  /** A second apart, oldest first. */
  readonly samples: readonly HistorySample[];
}

export function serverLines({ server, networks, samples }: ServerStatus): readonly Line[] {
  const { peers, traffic, memory, loopDelay, nowMs } = server;
  const held = peers.held === 0 ? "" : `, ${peers.held} of them without a connection at the moment`;
  return [
    ["program", `${server.agent}, Node.js ${server.runtime}, process ${server.processId}`],
    [
      "state",
      `${server.state} since ${since(server.startedMs, nowMs)}`,
      server.state === "draining" ? "yellow" : "green",
    ],
    ["listening", server.listeners.join(", ")],
    [
      "peers",
      `${peers.here} of ${peers.limit}${held}; ${peers.joined} joined and ${peers.refused} were refused so far`,
    ],
    ["now", formatFlows(rateOf(samples))],
    [
      "so far",
      `up ${formatSize(traffic.receivedBytes)}, down ${formatSize(traffic.sentBytes)}, ${plural(traffic.drops, "frame")} dropped`,
    ],
    [
      "process",
      `${formatSize(memory.residentBytes)}; late by ${formatMs(loopDelay.medianMs)}, at worst (1 %) ${formatMs(loopDelay.p99Ms)}`,
    ],
    ...networks.slice(0, MOST_SHOWN).map((network): Line => ["network", describeNetwork(network)]),
  ];
}

function describeNetwork({ name, mtu, uplink, peers, fdb }: NetworkInfo): string {
  const way = uplink === null ? "no TAP" : `TAP ${uplink.name}`;
  return `${name}: ${plural(peers, "peer")}, ${way}, MTU ${mtu}, ${plural(fdb.entries, "address", "addresses")} in the FDB`;
}

/** Of the last seconds; undefined if there are no two samples. */
function rateOf(samples: readonly HistorySample[]): TrafficRate | undefined {
  const [first, last] = [samples.at(-6) ?? samples[0], samples.at(-1)];
  const seconds = ((last?.atMs ?? 0) - (first?.atMs ?? 0)) / 1000;
  if (first === undefined || last === undefined || seconds <= 0) return undefined;
  const per = (name: keyof TrafficRate): number => (last.traffic[name] - first.traffic[name]) / seconds;
  return { receivedBytes: per("receivedBytes"), sentBytes: per("sentBytes"), drops: per("drops") };
}

/** Of a client; `rate`: its traffic as two looks tell, up being what it sent. */
export function clientLines(status: ClientStatus, rate: TrafficRate | undefined): readonly Line[] {
  const { nowMs, tap, lastError, connections } = status;
  const again = `${plural(status.sessions, "session")} and ${plural(status.disconnects, "disconnect")} so far`;
  return [
    [
      "program",
      `${status.agent}, Node.js ${status.runtime}, process ${status.processId}, started ${since(status.startedMs, nowMs)}`,
    ],
    stateLine(status),
    ["TAP", `${tap.name}, ${tap.mac}, MTU ${tap.mtu}${tap.bridge ? ", bridged" : ""}`],
    ...connections.slice(0, MOST_SHOWN).map((one): Line => ["connection", describeConnection(one, nowMs)]),
    ["now", formatFlows(rate)],
    [
      "so far",
      `up ${formatSize(status.sentBytes)}, down ${formatSize(status.receivedBytes)}, ${plural(status.drops, "frame")} dropped; ${again}`,
    ],
    ...(status.heldFrames === 0 ? [] : [["waiting", plural(status.heldFrames, "frame")] as Line]),
    ["last error", lastError === null ? "none" : `${formatMoment(lastError.atMs, nowMs)} ${lastError.text}`],
  ];
}

function stateLine({ state, sinceMs, nowMs, server, servers, dialect, nextAttemptMs }: ClientStatus): Line {
  if (state === "connected") {
    const to = server === null ? "" : ` to ${server} (${dialect ?? "?"})`;
    return ["state", `connected${to} since ${since(sinceMs, nowMs)}`, "green"];
  }
  const next = nextAttemptMs === null ? "trying now" : `trying again in ${formatAge(nextAttemptMs - nowMs)}`;
  return ["state", `connecting to ${servers.join(", ")} since ${since(sinceMs, nowMs)}; ${next}`, "red"];
}

function describeConnection(connection: ClientStatus["connections"][number], nowMs: number): string {
  const { number, address, roundTripMs, congestionControl, sinceMs, queuedBytes, suspect, silentMs } = connection;
  return [
    `${number} to ${address ?? "?"} for ${formatAge(nowMs - sinceMs)}`,
    roundTripMs === null ? "no round trip measured" : `round trip ${formatMs(roundTripMs)}`,
    ...(congestionControl === null ? [] : [congestionControl]),
    ...(queuedBytes === 0 ? [] : [`${formatSize(queuedBytes)} waiting`]),
    ...(suspect ? [`silent for ${formatAge(silentMs)}: perhaps dead`] : []),
  ].join(", ");
}

function formatFlows(rate: TrafficRate | undefined): string {
  if (rate === undefined) return "not known yet";
  const drops = rate.drops === 0 ? "no drops" : `${rate.drops.toFixed(1)} drops/s`;
  return `up ${formatRate(rate.receivedBytes)}, down ${formatRate(rate.sentBytes)}, ${drops}`;
}

function since(atMs: number, nowMs: number): string {
  return `${formatMoment(atMs, nowMs)} (${formatAge(nowMs - atMs)})`;
}
