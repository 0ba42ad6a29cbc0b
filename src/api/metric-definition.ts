import type { DropRow, NetworkInfo, ServerInfo } from "../control/model.ts";
import type { PeerSums } from "./metrics-peers.ts";
import type { ProcessReading } from "./metrics-process.ts";

/** Everything that one scrape shows, read at about the same moment. */
export interface Reading {
  readonly server: ServerInfo;
  readonly networks: readonly NetworkInfo[];
  readonly drops: readonly DropRow[];
  readonly peers: PeerSums;
  readonly process: ProcessReading;
  /** By level, since the start. */
  readonly events: Readonly<Record<string, number>>;
}

/** Each has few values: with users, MACs or addresses a stranger could fill the memory of whoever scrapes us. */
type MetricLabel = "network" | "direction" | "reason" | "state" | "dialect" | "level" | "version" | "runtime";

export interface Sample {
  readonly value: number;
  readonly labels?: Partial<Record<MetricLabel, string>>;
}

/** A metric that is read off the model when somebody asks. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  readonly read: (reading: Reading) => readonly Sample[];
}

/** Of a metric that has one value per server; undefined is "not known", and then it is not shown. */
export function single(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}

/** Of a metric that has one value per network. */
export function perNetwork({ networks }: Reading, read: (network: NetworkInfo) => number): readonly Sample[] {
  return networks.map((network) => ({ value: read(network), labels: { network: network.name } }));
}

/** Of a metric that counts traffic: from an attachment into the switch, and out of it. */
export function perDirection(
  { networks }: Reading,
  ingress: (network: NetworkInfo) => number,
  egress: (network: NetworkInfo) => number,
): readonly Sample[] {
  return networks.flatMap((network) => [
    { value: ingress(network), labels: { network: network.name, direction: "ingress" } },
    { value: egress(network), labels: { network: network.name, direction: "egress" } },
  ]);
}
