import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MetricsRegistry } from "../../../src/api/metrics-registry.ts";
import { DROP_NAMES } from "../../../src/base/drop-reason.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { type ReadMetric, readMetrics } from "../../prometheus-text.ts";

async function scrape(model: FakeControlModel): Promise<readonly ReadMetric[]> {
  return readMetrics(await new MetricsRegistry(model).text());
}

function totalOf(metrics: readonly ReadMetric[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const samples = metrics.flatMap((metric) => metric.samples).filter((sample) => sample.name === name);
  const isMeant = (sample: (typeof samples)[number]) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  return samples.filter(isMeant).reduce((sum, { value }) => sum + value, 0);
}

describe("metrics", () => {
  test("names follow the conventions: our prefix, base units, _total for what only counts up", async () => {
    for (const { name, type, help } of await scrape(new FakeControlModel(3))) {
      assert.match(name, /^(vpn_ws|process)_[a-z0-9]+(_[a-z0-9]+)*$/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      assert.doesNotMatch(name, /_(milliseconds|ms|kilobytes|bits|minutes|percent|gauge|counter|histogram)(_|$)/);
      assert.match(help, /^[A-Z0-9].*\.$/, name);
    }
  });

  test("labels have few values: no user, MAC, address or peer is one", async () => {
    const model = new FakeControlModel(50);
    model.advance(5_000);
    const allowed: Readonly<Record<string, RegExp>> = {
      network: /^(office|lab)$/,
      direction: /^(ingress|egress)$/,
      reason: new RegExp(`^(${DROP_NAMES.join("|")})$`),
      state: /^(open|held|leaving|serving|draining)$/,
      dialect: /^v[12]$/,
      level: /^(info|warn|error)$/,
      version: /^\d+\.\d+\.\d+$/,
      runtime: /^v\d+\.\d+\.\d+$/,
      le: /^(\+Inf|[\d.]+)$/,
    };
    const samples = (await scrape(model)).flatMap((metric) => metric.samples);
    for (const { name, labels } of samples) {
      for (const [label, value] of Object.entries(labels))
        assert.match(value, allowed[label] ?? /^$/, `${name} ${label}`);
    }
    assert.equal(new Set(samples.map(({ name, labels }) => JSON.stringify([name, labels]))).size, samples.length);
  });

  test("more peers are no more lines", async () => {
    const [few, many] = await Promise.all([10, 600].map(async (peers) => scrape(new FakeControlModel(peers))));
    assert.equal(many?.flatMap(({ samples }) => samples).length, few?.flatMap(({ samples }) => samples).length);
  });

  test("shows what the model shows", async () => {
    const model = new FakeControlModel(20);
    const peer = [...model.fakePeers.values()].find(({ row }) => row.network === "lab" && row.dialect === "v2");
    assert.ok(peer !== undefined);
    Object.assign(peer.row, { state: "held", queuedBytes: 77, shut: true });
    model.advance(3_000);
    const metrics = await scrape(model);
    const { traffic, peers } = model.server();
    assert.equal(totalOf(metrics, "vpn_ws_peers"), 20);
    assert.equal(totalOf(metrics, "vpn_ws_peers", { network: "lab", state: "held", dialect: "v2" }), 1);
    assert.equal(totalOf(metrics, "vpn_ws_joins_total"), peers.joined);
    assert.equal(totalOf(metrics, "vpn_ws_refusals_total"), peers.refused);
    assert.equal(totalOf(metrics, "vpn_ws_frames_total", { direction: "ingress" }), traffic.receivedFrames);
    assert.equal(totalOf(metrics, "vpn_ws_frame_bytes_total", { direction: "egress" }), traffic.sentBytes);
    assert.equal(totalOf(metrics, "vpn_ws_dropped_frames_total"), traffic.drops);
    assert.ok(totalOf(metrics, "vpn_ws_queued_bytes", { network: "lab" }) >= 77);
    assert.equal(totalOf(metrics, "vpn_ws_shut_ports", { network: "lab" }), 1);
    assert.equal(totalOf(metrics, "vpn_ws_events_total", { level: "info" }), 20);
    assert.equal(totalOf(metrics, "vpn_ws_server_state", { state: "serving" }), 1);
    assert.equal(totalOf(metrics, "vpn_ws_event_loop_delay_p99_seconds"), model.server().loopDelay.p99Ms / 1_000);
    assert.ok(totalOf(metrics, "process_open_fds") > 0);
    assert.ok(totalOf(metrics, "process_cpu_seconds_total") > 0);
  });

  test("counters are read anew in each scrape, and who left is gone from the gauges", async () => {
    const model = new FakeControlModel(10);
    const registry = new MetricsRegistry(model);
    await registry.text();
    model.advance(1_000);
    model.leave("1");
    const metrics = readMetrics(await registry.text());
    assert.equal(totalOf(metrics, "vpn_ws_joins_total"), 10);
    assert.equal(totalOf(metrics, "vpn_ws_peers"), 9);
  });

  test("a scrape looks once at the round trip of each peer that has one", async () => {
    const model = new FakeControlModel(5);
    const [first, second] = [...model.fakePeers.values()];
    assert.ok(first !== undefined && second !== undefined);
    first.row.roundTripMs = null;
    second.row.roundTripMs = 4_000;
    const registry = new MetricsRegistry(model);
    await registry.text();
    const metrics = readMetrics(await registry.text());
    assert.equal(totalOf(metrics, "vpn_ws_round_trip_seconds_count"), 8);
    const within2s = totalOf(metrics, "vpn_ws_round_trip_seconds_bucket", { le: "2" });
    assert.equal(totalOf(metrics, "vpn_ws_round_trip_seconds_bucket", { le: "5" }) - within2s, 2);
  });

  test("several servers in one process have metrics of their own", async () => {
    const [two, three] = await Promise.all([scrape(new FakeControlModel(2)), scrape(new FakeControlModel(3))]);
    assert.deepEqual([totalOf(two, "vpn_ws_peers"), totalOf(three, "vpn_ws_peers")], [2, 3]);
  });

  test("who asks at the same time gets the same answer, made once", async () => {
    const registry = new MetricsRegistry(new FakeControlModel(500));
    const [one, other] = await Promise.all([registry.text(), registry.text()]);
    assert.equal(one, other);
    assert.equal(totalOf(readMetrics(one), "vpn_ws_round_trip_seconds_count"), 500);
  });
});
