/** 2,000 clients and a server that restarts: do they come back spread out, and how soon are all there? */

import { setTimeout as delay } from "node:timers/promises";
import type { Namespace } from "../namespace.ts";
import { startServer, type VpnProcess } from "../vpn.ts";
import { startCrowd } from "./crowd-watch.ts";
import { atMost, type Measured, type Situation } from "./situation.ts";

const PORT = 8080;
const CLIENTS = 2_000;
const QUICK_CLIENTS = 500;
const AWAY_MS = 5_000;

/** All at once would be 100 %. Retries of a second at most make 16 % when nobody is back yet and nobody waits longer. */
const DIALS_BOUND_PERCENT = 25;
const BACK_BOUND_SECONDS = 15;

export const crowd: Situation = {
  name: "crowd",
  title: "2,000 clients and a server that restarts",
  async measure({ lab, quick }) {
    const count = quick ? QUICK_CLIENTS : CLIENTS;
    const [hub, outside] = [await lab.namespace("hub"), await lab.namespace("outside")];
    const { ipv4 } = await lab.path(outside, hub, { delayMs: 10 });
    const flags = ["--listen", `http://0.0.0.0:${PORT}`, "--allow-anonymous"];
    let server = await startServer(hub, flags);
    const clients = await startCrowd({ outside, hub, ipv4 }, PORT, count);
    await clients.allUpSince(0);
    const measured: Measured[] = [];
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      server = await restart(hub, flags, server, signal);
      const readyMs = Date.parse(String(server.events("server.ready")[0]?.time));
      const backMs = await clients.allUpSince(readyMs);
      const dials = (100 * clients.mostDialsSince(readyMs)) / count;
      measured.push(
        atMost(`${signal}: most dials in 100 ms, of all clients`, dials, DIALS_BOUND_PERCENT, "%"),
        atMost(`${signal}: all ${count} back after it listens`, (backMs - readyMs) / 1_000, BACK_BOUND_SECONDS, "s"),
      );
    }
    return measured;
  },
};

async function restart(
  hub: Namespace,
  flags: readonly string[],
  server: VpnProcess,
  signal: "SIGKILL" | "SIGTERM",
): Promise<VpnProcess> {
  server.child.kill(signal);
  await server.child.ended;
  await delay(AWAY_MS);
  return startServer(hub, flags);
}
