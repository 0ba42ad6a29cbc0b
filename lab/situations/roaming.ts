/** The client's address changes while a transfer runs: how long do no frames cross? */
import { setTimeout as delay } from "node:timers/promises";
import { startFlood } from "../iperf.ts";
import { buildNetwork, type Site } from "../network.ts";
import type { Path } from "../path/path.ts";
import { PingWatch } from "../ping-watch.ts";
import { pinNeighbours } from "./neighbours.ts";
import { atMost, type Measured, type Situation } from "./situation.ts";

const BOUND_SECONDS = 2;

/** Watched after each change. */
const WATCH_MS = 8_000;

/** Last parts of the addresses that the client goes to, one after the other. */
const HOSTS = [20, 21, 22];

export const roaming: Situation = {
  name: "roaming",
  title: "the client's address changes under load",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { clients: 1, path: "narrow" });
    await pinNeighbours(network);
    const [client] = network.clients as [Site];
    const [path] = network.paths as readonly [Path];
    const { server } = network;
    const hosts = quick ? HOSTS.slice(0, 1) : HOSTS;
    const options = { address: server.ipv4, direction: "down", seconds: 10 + 10 * hosts.length } as const;
    await startFlood(client.namespace, server.namespace, options);
    const watch = new PingWatch(client.namespace, server.ipv4, 0.02);
    await watch.firstAfter(0, 10_000);
    await delay(2_000);
    const measured: Measured[] = [];
    for (const [index, host] of hosts.entries()) {
      const sinceMs = Date.now();
      await path.changeAddress(0, host);
      await delay(WATCH_MS);
      const silenceMs = watch.longestSilenceMs(sinceMs, sinceMs + WATCH_MS);
      measured.push(atMost(`change ${index + 1}: without frames`, silenceMs / 1_000, BOUND_SECONDS, "s"));
    }
    return measured;
  },
};
