/**
 * The table of the bench: which paths there are, what is measured on each, and what must be reached. To measure one
 * thing more, add a row.
 */
import { type MeasureName, PING_INTERVAL_MS, type PingName } from "./measures.ts";
import { buildObserved, buildThousands } from "./tunnels/crowded.ts";
import { buildFloor, buildFloorNode, buildFloorTls } from "./tunnels/floor.ts";
import { buildGuarded } from "./tunnels/guard.ts";
import { buildOpenvpn } from "./tunnels/openvpn.ts";
import type { BuildTunnel } from "./tunnels/tunnel.ts";
import { buildVeth } from "./tunnels/veth.ts";
import { buildVpn } from "./tunnels/vpn.ts";

export interface Path {
  readonly title: string;
  readonly build: BuildTunnel;
}

/** The C peers' frames: no offload, and no larger than a 1500-byte MTU allows. */
const LEGACY = { serverFlags: ["--mtu", "1500"], clientFlags: ["--protocol", "v1", "--mtu", "1500"] };

export const PATHS = {
  veth: { title: "plain veth, no VPN", build: buildVeth },
  floor: { title: "floor: barest C tunnel", build: buildFloor },
  "floor-tls": { title: "floor over OpenSSL", build: buildFloorTls },
  "floor-node": { title: "floor in Node", build: buildFloorNode },
  ws: { title: "ws", build: buildVpn({}) },
  wss: { title: "wss, own TLS", build: buildVpn({ tls: true }) },
  "uwsgi-unix": { title: "ws behind nginx, uwsgi on a unix socket", build: buildVpn({ front: "uwsgi-unix" }) },
  "uwsgi-tcp": { title: "ws behind nginx, uwsgi on TCP", build: buildVpn({ front: "uwsgi-tcp" }) },
  proxy: { title: "ws behind nginx, proxy_pass", build: buildVpn({ front: "proxy" }) },
  "nginx-wss": { title: "wss ended in nginx, uwsgi", build: buildVpn({ front: "uwsgi-unix", tls: true }) },
  legacy: { title: "legacy peers, MTU 1500", build: buildVpn(LEGACY) },
  guard: { title: "guard on", build: buildGuarded("on") },
  "no-guard": { title: "guard off", build: buildGuarded("off") },
  observe: { title: "1,000 idle peers, observed", build: buildObserved },
  "observe-many": { title: "10,000 idle peers", build: buildThousands },
  openvpn: { title: "OpenVPN, TAP over TCP, AES-256-GCM", build: buildOpenvpn },
} as const satisfies Readonly<Record<string, Path>>;

export type PathName = keyof typeof PATHS;

/** A bound on the median of the figures, as they are or as a fraction of the floor's of the same minutes. */
export interface Target {
  readonly of: "floor" | "value";
  readonly atLeast?: number;
  readonly below?: number;
  /** What we would like to reach; shown, not judged. */
  readonly aim?: number;
}

/** `of …`: no unit, but what the same gave without it, guard or observers, at almost the same time, is 1. */
export type Unit = "Mbit/s" | "datagrams/s" | "ms" | "CPU s/Gbit" | "of guard off" | "of unobserved";

export interface Row {
  readonly path: PathName;
  readonly measure: MeasureName;
  readonly title: string;
  readonly unit: Unit;
  readonly targets: readonly Target[];
}

const UP = "client → server";
const DOWN = "server → client";
const RELAY = "client → client";

function flow(path: PathName, measure: "up" | "down" | "relay", atLeast?: number, aim?: number): Row {
  const direction = { up: UP, down: DOWN, relay: RELAY }[measure];
  const target =
    atLeast === undefined ? [] : [{ of: "floor", atLeast, ...(aim === undefined ? {} : { aim }) } as const];
  return { path, measure, title: `${PATHS[path].title}, ${direction}`, unit: "Mbit/s", targets: target };
}

function processor(path: PathName, measure: "up" | "down", below: number): Row {
  const direction = { up: UP, down: DOWN }[measure];
  const targets = [{ of: "floor", below }] as const;
  return { path, measure, title: `processor time, ${PATHS[path].title}, ${direction}`, unit: "CPU s/Gbit", targets };
}

function small(measure: "datagrams" | "datagrams-relayed", targets: readonly Target[]): Row {
  const way = measure === "datagrams" ? UP : RELAY;
  return { path: "ws", measure, title: `64-byte datagrams, ${way}`, unit: "datagrams/s", targets };
}

function latency(path: PathName, measure: PingName, below?: number): Row {
  const way = measure.endsWith("relayed") ? RELAY : UP;
  const title = `idle ping, ${PATHS[path].title}, ${PING_INTERVAL_MS[measure]} ms apart, median, ${way}`;
  return { path, measure, title, unit: "ms", targets: below === undefined ? [] : [{ of: "value", below }] };
}

/** What is left of the speed with the guard on, as it is by default. */
function guarded(measure: "up" | "down" | "relay" | "datagrams-relayed"): Row {
  const way = { up: UP, down: DOWN, relay: RELAY, "datagrams-relayed": `64-byte datagrams, ${RELAY}` }[measure];
  const targets = [{ of: "value", atLeast: 0.95 }] as const;
  return { path: "guard", measure, title: `ws, full guard on, ${way}`, unit: "of guard off", targets };
}

/** What is left of the speed with all who may look at once, and what of the time while everything is listed. */
function observed(measure: "up-beside" | "relay-beside"): Row {
  const way = { "up-beside": UP, "relay-beside": RELAY }[measure];
  const targets = [{ of: "value", atLeast: 0.97 }] as const;
  return { path: "observe", measure, title: `ws, ${PATHS.observe.title}, ${way}`, unit: "of unobserved", targets };
}

/** In the order of the printed table. */
export const ROWS: readonly Row[] = [
  flow("veth", "up"),
  flow("veth", "down"),
  flow("ws", "up", 0.8, 0.95),
  flow("ws", "down", 0.8, 0.95),
  flow("ws", "relay", 0.5, 0.6),
  flow("floor-tls", "up"),
  flow("floor-tls", "down"),
  flow("wss", "up", 0.52, 0.62),
  flow("wss", "down", 0.52, 0.62),
  flow("wss", "relay"),
  flow("uwsgi-unix", "up", 0.7),
  flow("uwsgi-unix", "down", 0.7),
  flow("uwsgi-tcp", "up", 0.7),
  flow("uwsgi-tcp", "down", 0.7),
  flow("proxy", "up", 0.7),
  flow("proxy", "down", 0.7),
  flow("nginx-wss", "up"),
  flow("nginx-wss", "down"),
  flow("legacy", "up", 0.2),
  flow("legacy", "down", 0.2),
  flow("legacy", "relay", 0.17),
  flow("openvpn", "up"),
  flow("openvpn", "down"),
  small("datagrams", []),
  small("datagrams-relayed", [
    { of: "value", atLeast: 100_000 },
    { of: "floor", atLeast: 0.5 },
  ]),
  latency("ws", "ping", 0.25),
  latency("ws", "ping-relayed", 0.25),
  latency("floor-node", "ping"),
  latency("ws", "sparse-ping"),
  latency("ws", "sparse-ping-relayed"),
  latency("floor-node", "sparse-ping"),
  processor("ws", "up", 1.25),
  processor("ws", "down", 1.25),
  guarded("up"),
  guarded("down"),
  guarded("relay"),
  guarded("datagrams-relayed"),
  observed("up-beside"),
  observed("relay-beside"),
  {
    path: "observe-many",
    measure: "listing",
    title: `longest turn of the event loop while ${PATHS["observe-many"].title} are listed`,
    unit: "ms",
    targets: [{ of: "value", below: 50 }],
  },
];

/** Paths that are not held against the floor, with what they are held against; nothing for what is a figure by itself. */
const OTHER_REFERENCES: Partial<Readonly<Record<PathName, PathName | "nothing">>> = {
  guard: "no-guard",
  observe: "nothing",
  "observe-many": "nothing",
};

/** What is measured right before and after a path. */
export function referenceOf(path: PathName): PathName | "nothing" {
  return OTHER_REFERENCES[path] ?? "floor";
}

/** What the floor is asked for as the reference of a measure: it has two ends only, so a relay is held against its "up". */
export const FLOOR_MEASURES: Readonly<Record<MeasureName, MeasureName>> = {
  up: "up",
  down: "down",
  relay: "up",
  "up-beside": "up",
  "relay-beside": "up",
  datagrams: "datagrams",
  "datagrams-relayed": "datagrams",
  ping: "ping",
  "ping-relayed": "ping",
  "sparse-ping": "sparse-ping",
  "sparse-ping-relayed": "sparse-ping",
  listing: "ping",
};
