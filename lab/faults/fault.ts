/**
 * What may go wrong, as plain values drawn by a seed: with the path of one client, with its process, or with what all
 * clients of a cell have in common. Nothing is done here.
 */
import type { PathSettings } from "../path/direction-settings.ts";
import type { RandomNumbers } from "../path/random-numbers.ts";

/** A client's path is another for a while; nothing comes to a deaf client, and nothing from a mute one. */
interface Degraded {
  readonly kind: "deaf" | "mute" | "loss" | "reorder" | "duplicate" | "slow" | "far";
  readonly settings: PathSettings;
  readonly lastMs: number;
}

/** Befalls one client. */
export type ClientFault =
  /** Nothing passes its path. */
  | { readonly kind: "cut" | "long-cut"; readonly lastMs: number }
  /** It is in another network from now on, and its old address is nobody's. */
  | { readonly kind: "roam" }
  | Degraded
  /** Its process stands still. */
  | { readonly kind: "freeze"; readonly lastMs: number }
  /** Its process dies at once, and is started again. */
  | { readonly kind: "kill" }
  /** Somebody at its address sends the server this, in base64. */
  | { readonly kind: "garbage"; readonly bytes: string };

/** Befalls a cell. */
export type CellFault =
  | { readonly kind: "server-freeze" | "proxy-freeze"; readonly lastMs: number }
  | { readonly kind: "server-kill" | "server-restart" | "proxy-kill" };

export type FaultKind = ClientFault["kind"] | CellFault["kind"];

/** After these a client's session is another one, or may be; all others are survived by it. */
export const ENDS_SESSION: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "kill",
  "long-cut",
  "server-kill",
  "server-restart",
]);

/** A kind's weight, and how one of it is drawn. */
type Row<Fault> = readonly [weight: number, draw: (random: RandomNumbers) => Fault];

const CLIENT_FAULTS: readonly Row<ClientFault>[] = [
  [5, (random) => ({ kind: "cut", lastMs: between(random, 100, 3_000) })],
  // Longer than either side takes to give a connection up; some longer than the server holds a session.
  [0.4, (random) => ({ kind: "long-cut", lastMs: between(random, 6_000, 24_000) })],
  [4, () => ({ kind: "roam" })],
  [1, (random) => degraded(random, "deaf", { down: { loss: 1 } })],
  [1, (random) => degraded(random, "mute", { up: { loss: 1 } })],
  [3, (random) => degraded(random, "loss", { loss: between(random, 0.05, 0.4), lossBurstFrames: 3 })],
  [2, (random) => degraded(random, "reorder", { reorder: 0.3, reorderMs: between(random, 1, 50) })],
  [1, (random) => degraded(random, "duplicate", { duplicate: between(random, 0.1, 0.9) })],
  [2, (random) => degraded(random, "slow", { bitsPerSecond: between(random, 64e3, 2e6), queueMs: 2_000 })],
  [2, (random) => degraded(random, "far", { delayMs: between(random, 100, 1_000) })],
  [3, (random) => ({ kind: "freeze", lastMs: between(random, 100, 3_000) })],
  [2, () => ({ kind: "kill" })],
  [3, (random) => ({ kind: "garbage", bytes: garbage(random) })],
];

const CELL_FAULTS: readonly Row<CellFault>[] = [
  [2, (random) => ({ kind: "server-freeze", lastMs: between(random, 100, 3_000) })],
  [1, (random) => ({ kind: "proxy-freeze", lastMs: between(random, 100, 3_000) })],
  [2, () => ({ kind: "proxy-kill" })],
  [2, () => ({ kind: "server-kill" })],
  [1, () => ({ kind: "server-restart" })],
];

export function drawClientFault(random: RandomNumbers): ClientFault {
  return drawFrom(CLIENT_FAULTS, random);
}

/** Of a cell whose server lives on, none that ends it. */
export function drawCellFault(random: RandomNumbers, mayEndServer: boolean): CellFault {
  return drawFrom(mayEndServer ? CELL_FAULTS : CELL_FAULTS.slice(0, 3), random);
}

function drawFrom<Fault>(rows: readonly Row<Fault>[], random: RandomNumbers): Fault {
  let left = random.next() * rows.reduce((sum, [weight]) => sum + weight, 0);
  const row = rows.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  return (row ?? (rows[0] as Row<Fault>))[1](random);
}

/** Short ones are likelier: the logarithm is evenly spread. */
function between(random: RandomNumbers, least: number, most: number): number {
  return least * (most / least) ** random.next();
}

function degraded(random: RandomNumbers, kind: Degraded["kind"], settings: PathSettings): ClientFault {
  return { kind, settings, lastMs: between(random, 300, 2_000) };
}

/** Noise, or the beginning of a request with noise in it. */
function garbage(random: RandomNumbers): string {
  const start = random.next() < 0.5 ? "GET /vpn HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: " : "";
  const noise = Uint8Array.from({ length: between(random, 1, 4_000) }, () => random.next() * 256);
  return Buffer.concat([Buffer.from(start), noise]).toString("base64");
}
