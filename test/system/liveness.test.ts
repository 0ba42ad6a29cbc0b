/** Half-open connections of real programs over an emulated path: found in time, and a slow path is not taken for one. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../lab/namespace.ts";
import { buildNetwork, type Network } from "../../lab/network.ts";
import { PingWatch } from "../../lab/ping-watch.ts";
import { whyNoLab } from "../../lab/programs.ts";
import type { VpnProcess } from "../../lab/vpn.ts";

const skip = await whyNoLab("ping");

/** What the log and a busy machine may add to a bound. */
const SLACK_MS = 1_000;

/** How long after `sinceMs` (Unix time) the first of these events was logged. */
async function msTo(vpn: VpnProcess, event: string, sinceMs: number): Promise<number> {
  const at = (): number | undefined =>
    vpn
      .events(event)
      .map(({ time }) => Date.parse(String(time)) - sinceMs)
      .find((ms) => ms >= 0);
  return await vpn.child.waitUntil(event, at, { timeoutMs: 15_000 });
}

describe("liveness", { skip }, () => {
  let lab: Lab;
  let network: Network;
  const vpnOf = (index: number): VpnProcess => network.clients[index]?.vpn as VpnProcess;

  before(async () => {
    lab = await Lab.open();
    network = await buildNetwork(lab, { clients: 2, path: { delayMs: 10 }, clientFlags: ["--connections", "1"] });
  });
  after(() => lab?.close());

  test("a cut is suspected within 3 s and found within 5 s with traffic, and within 10 s without", async () => {
    const ping = new PingWatch((network.clients[0] as Network["server"]).namespace, network.server.ipv4, 0.2);
    await ping.firstAfter(Date.now(), 5_000);
    const cutMs = Date.now();
    await Promise.all(network.paths.map((path) => path.cut(60_000)));
    const [suspected, busy, idle, server] = await Promise.all([
      msTo(vpnOf(0), "client.suspect", cutMs),
      msTo(vpnOf(0), "client.disconnected", cutMs),
      msTo(vpnOf(1), "client.disconnected", cutMs),
      msTo(network.server.vpn, "peer.connection-lost", cutMs),
    ]);
    assert.ok(suspected <= 3_000 + SLACK_MS, `suspected after ${suspected} ms`);
    assert.ok(busy <= 5_000 + SLACK_MS, `found with traffic after ${busy} ms`);
    assert.ok(idle <= 10_000 + SLACK_MS, `found without traffic after ${idle} ms`);
    await ping.stop();
    assert.ok(server <= 10_000 + SLACK_MS, `found by the server after ${server} ms`);
  });

  test("a round trip that jumps to two seconds ends no connection", async () => {
    const [path] = network.paths;
    // At the client, who learns of it when the server ends one too. The server may still be losing the other's of before.
    const lost = (): number =>
      ["client.disconnected", "client.connection-lost"].flatMap((name) => vpnOf(0).events(name)).length;
    await path?.cut(0);
    const ping = new PingWatch((network.clients[0] as Network["server"]).namespace, network.server.ipv4, 0.2);
    await ping.firstAfter(Date.now(), 10_000);
    const before = lost();
    await path?.set({ delayMs: 1_000 });
    const sinceMs = Date.now();
    await ping.firstAfter(sinceMs + 4_000, 15_000);
    await path?.set({ delayMs: 10 });
    await ping.stop();
    assert.equal(lost(), before);
  });
});
