/** The server is killed and comes back: how soon do its clients reach each other? */
import { setTimeout as delay } from "node:timers/promises";
import { buildNetwork, type Site } from "../network.ts";
import { PingWatch } from "../ping-watch.ts";
import { startServer } from "../vpn.ts";
import { pinNeighbours } from "./neighbours.ts";
import { atMost, type Measured, type Situation } from "./situation.ts";

const BOUND_SECONDS = 1.5;

/** Short, so that clients have just begun to wait, and long, so that they wait longest within the first half minute. */
const OUTAGES_SECONDS = [1, 10];

export const restart: Situation = {
  name: "restart",
  title: "server killed -9 and started again",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { path: { delayMs: 20 } });
    await pinNeighbours(network);
    const [first, second] = network.clients as [Site, Site];
    const watches = {
      "to another client": new PingWatch(first.namespace, second.ipv4, 0.02),
      "to the server": new PingWatch(first.namespace, network.server.ipv4, 0.02),
    };
    for (const watch of Object.values(watches)) await watch.firstAfter(0, 10_000);
    const measured: Measured[] = [];
    let server = network.server.vpn;
    for (const outageSeconds of quick ? OUTAGES_SECONDS.slice(0, 1) : OUTAGES_SECONDS) {
      server.child.kill("SIGKILL");
      await server.child.ended;
      await delay(1_000 * outageSeconds);
      server = await startServer(network.server.namespace, network.serverFlags);
      const readyMs = Date.parse(String(server.events("server.ready")[0]?.time));
      for (const [where, watch] of Object.entries(watches)) {
        const { atMs } = await watch.firstArrivalAfter(readyMs, 60_000);
        const title = `away for ${outageSeconds} s: first ping ${where}`;
        measured.push(atMost(title, (atMs - readyMs) / 1_000, BOUND_SECONDS, "s"));
      }
    }
    return measured;
  },
};
