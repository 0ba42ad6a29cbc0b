/** The path is cut for a while, as in a tunnel: when does traffic pass again, and do inner connections survive? */
import { setTimeout as delay } from "node:timers/promises";
import { buildNetwork, type Network, type Site } from "../network.ts";
import type { Path } from "../path/path.ts";
import { PingWatch } from "../ping-watch.ts";
import { pinNeighbours } from "./neighbours.ts";
import { atMost, type Measured, mustBe, noted, type Situation } from "./situation.ts";
import { SteadyConnection } from "./steady-connection.ts";

interface Cut {
  readonly cutSeconds: number;
  /** Until traffic after it. */
  readonly boundSeconds: number;
}

const CUTS: readonly Cut[] = [
  { cutSeconds: 3, boundSeconds: 1 },
  { cutSeconds: 60, boundSeconds: 2 },
];

/** Inner TCP waits ever longer between its tries, up to twice the cut. */
const PATIENCE_MS = 150_000;

export const cut: Situation = {
  name: "cut",
  title: "path cut for 3 s and 60 s",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { clients: 1, path: "narrow" });
    await pinNeighbours(network);
    const [client] = network.clients as [Site];
    const { server } = network;
    const steady = await SteadyConnection.open(client.namespace, server.namespace, server.ipv4);
    const measured: Measured[] = [];
    for (const one of quick ? CUTS.slice(0, 1) : CUTS)
      measured.push(...(await measureCut(network, client, steady, one)));
    return measured;
  },
};

async function measureCut(
  { server, paths }: Network,
  client: Site,
  steady: SteadyConnection,
  { cutSeconds, boundSeconds }: Cut,
): Promise<readonly Measured[]> {
  const [path] = paths as readonly [Path];
  const watch = new PingWatch(client.namespace, server.ipv4, 0.05);
  await watch.firstAfter(0, 10_000);
  await path.cut(1_000 * cutSeconds);
  const backMs = Date.now() + 1_000 * cutSeconds;
  await delay(1_000 * cutSeconds);
  const { atMs } = await watch.firstArrivalAfter(backMs, 60_000);
  await watch.stop();
  const silenceMs = await steady.silenceAfter(backMs, PATIENCE_MS);
  const title = `${cutSeconds} s`;
  return [
    atMost(`${title}: traffic after its return`, (atMs - backMs) / 1_000, boundSeconds, "s"),
    mustBe(`${title}: inner TCP survives`, steady.stands && silenceMs < PATIENCE_MS, steady.stands ? "yes" : "no"),
    noted(`${title}: inner TCP speaks after its return`, silenceMs / 1_000, "s"),
  ];
}
