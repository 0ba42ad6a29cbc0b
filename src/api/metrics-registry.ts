import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ControlModel } from "../control/control-model.ts";
import type { MetricDefinition, Reading, Sample } from "./metric-definition.ts";
import { METRICS } from "./metrics-list.ts";
import { PeerSums } from "./metrics-peers.ts";
import { readProcess } from "./metrics-process.ts";
import { walkWithPauses } from "./paused-walk.ts";

/** From the next machine to a satellite and back. */
const ROUND_TRIP_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * A server as Prometheus sees it. Only round trips are kept here, and they are looked at when somebody asks: metrics
 * cost nothing while nobody does.
 */
export class MetricsRegistry {
  readonly #model: ControlModel;
  /** Our own: several servers in one process each have theirs. */
  readonly #registry = new Registry();
  readonly #show: readonly ((reading: Reading) => void)[];
  readonly #roundTrips: Histogram;
  /** Who asks while an answer is made gets the same one: many who ask are no more work than one. */
  #making: Promise<string> | undefined;

  constructor(model: ControlModel) {
    this.#model = model;
    this.#roundTrips = new Histogram({
      name: "vpn_ws_round_trip_seconds",
      help: "Last measured round trips of peers, looked at once in each scrape.",
      buckets: ROUND_TRIP_BUCKETS_SECONDS,
      registers: [this.#registry],
    });
    this.#show = METRICS.map((definition) => register(this.#registry, definition));
  }

  /** Of what `text` gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics, in the text format of Prometheus. */
  text(): Promise<string> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make(): Promise<string> {
    const reading = await this.#read();
    for (const show of this.#show) show(reading);
    return await this.#registry.metrics();
  }

  async #read(): Promise<Reading> {
    const model = this.#model;
    const peers = new PeerSums();
    await walkWithPauses(model.peers(), (row) => {
      peers.add(row);
      if (row.roundTripMs !== null) this.#roundTrips.observe(row.roundTripMs / 1_000);
    });
    const process = await readProcess();
    const [server, networks, drops] = [model.server(), model.networks(), model.drops()];
    return { server, networks, drops, peers, process, events: model.events.totals };
  }
}

/** Makes a metric in the registry; the returned function has it show what was read. */
function register(
  registry: Registry,
  { name, kind, help, labels, read }: MetricDefinition,
): (reading: Reading) => void {
  const settings = { name, help, labelNames: labels, registers: [registry] };
  const metric = kind === "counter" ? new Counter(settings) : new Gauge(settings);
  // Both take it for what is to be added; after a reset that is the value. A network that is gone is not shown any more.
  const add = ({ value, labels: values = {} }: Sample): void => void metric.inc(values, value);
  return (reading) => {
    metric.reset();
    // What is not known must not be shown as 0.
    if (labels.length === 0) metric.remove();
    for (const sample of read(reading)) add(sample);
  };
}
