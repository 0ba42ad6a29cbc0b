/** 2,000 clients and a server that restarts: do they come back spread out, and how soon are all there? */

import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Child } from "../child.ts";
import type { Lab, Namespace } from "../namespace.ts";
import { programArgv } from "../program-argv.ts";
import { startServer, type VpnProcess } from "../vpn.ts";
import { atMost, type Measured, type Situation } from "./situation.ts";

const PROGRAM = fileURLToPath(new URL("crowd-program.ts", import.meta.url));
const PORT = 8080;
const CLIENTS = 2_000;
const QUICK_CLIENTS = 500;
/** Of the lines of the crowd's process. */
const PERIOD_MS = 100;
const AWAY_MS = 5_000;
const PATIENCE_MS = 90_000;

/** All at once would be 100 %. Retries of a second at most make 16 % when nobody is back yet and nobody waits longer. */
const DIALS_BOUND_PERCENT = 25;
const BACK_BOUND_SECONDS = 15;

export const crowd: Situation = {
  name: "crowd",
  title: "2,000 clients and a server that restarts",
  async measure({ lab, quick }) {
    const count = quick ? QUICK_CLIENTS : CLIENTS;
    const { hub, outside, address } = await joinNamespaces(lab);
    const flags = ["--listen", `http://0.0.0.0:${PORT}`, "--allow-anonymous"];
    let server = await startServer(hub, flags);
    const clients = new CrowdWatch(outside.start(programArgv(PROGRAM, address, String(PORT), String(count))), count);
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

/** Two machines; every address of 10.99.0.0/16 is the second one's (AnyIP: a local route for all of it). */
async function joinNamespaces(lab: Lab): Promise<{ hub: Namespace; outside: Namespace; address: string }> {
  const hub = await lab.namespace("hub");
  const outside = await lab.namespace("outside");
  const { ipv4 } = await lab.path(outside, hub, { delayMs: 10 });
  await outside.ip("route", "add", "local", "10.99.0.0/16", "dev", "lo");
  await hub.ip("route", "add", "10.99.0.0/16", "via", ipv4[0]);
  return { hub, outside, address: ipv4[1] };
}

interface Tick {
  readonly atMs: number;
  readonly dials: number;
  readonly up: number;
}

/** What the crowd's process says of itself, ten times a second. */
class CrowdWatch {
  readonly #child: Child;
  readonly #count: number;

  constructor(child: Child, count: number) {
    this.#child = child;
    this.#count = count;
  }

  /** Waits until all are connected; Unix time in milliseconds of when that was first seen after `sinceMs`. */
  async allUpSince(sinceMs: number): Promise<number> {
    const find = (): number | undefined => this.#since(sinceMs).find(({ up }) => up === this.#count)?.atMs;
    return this.#child.waitUntil("all clients to be connected", find, { timeoutMs: PATIENCE_MS, pollMs: 200 });
  }

  /** In 100 ms; a line that came late is of a longer time. */
  mostDialsSince(sinceMs: number): number {
    const ticks = this.#since(sinceMs);
    const rates = ticks.slice(1).map(({ atMs, dials }, index) => dials / (atMs - (ticks[index]?.atMs ?? 0)));
    return PERIOD_MS * Math.max(0, ...rates);
  }

  #since(sinceMs: number): readonly Tick[] {
    const lines = this.#child.stdout.matchAll(/^(\d+) (\d+) (\d+)$/gm);
    const ticks = [...lines].map(([, atMs, dials, up]) => ({
      atMs: Number(atMs),
      dials: Number(dials),
      up: Number(up),
    }));
    return ticks.filter(({ atMs }) => atMs > sinceMs);
  }
}
