/**
 * One flow beside an aggressive one through the same peer: a TCP flow with cubic beside one with bbr, which takes what cubic
 * gives way to. What UDP that knows no sharing leaves to a TCP flow is noted.
 */
import { setTimeout as delay } from "node:timers/promises";
import { runIperfBySecond, startFlood } from "../iperf.ts";
import { buildNetwork, type Network, type Site } from "../network.ts";
import { atMost, type Measured, noted, type Situation } from "./situation.ts";

const BOUND_RATIO = 2;
const OTHER_PORT = 5301;

/** Until both have found their rate. */
const WARM_UP_SECONDS = 5;

type Direction = "up" | "down";

export const fairness: Situation = {
  name: "fairness",
  title: "one TCP flow beside an aggressive one of the same peer",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { clients: 1, path: "narrow" });
    const seconds = quick ? 8 : 15;
    const measured: Measured[] = [];
    for (const direction of ["up", "down"] as const) {
      measured.push(await besideBbr(network, direction, seconds));
      measured.push(await besideUdp(network, direction, seconds));
    }
    return measured;
  },
};

async function besideBbr(network: Network, direction: Direction, seconds: number): Promise<Measured> {
  const [cubic, bbr] = await Promise.all([
    meanRate(network, direction, seconds, { congestion: "cubic" }),
    meanRate(network, direction, seconds, { congestion: "bbr", port: OTHER_PORT }),
  ]);
  return atMost(
    `${direction}: the larger share to the smaller, bbr and cubic`,
    Math.max(bbr / cubic, cubic / bbr),
    BOUND_RATIO,
    ": 1",
  );
}

async function besideUdp(network: Network, direction: Direction, seconds: number): Promise<Measured> {
  const { server } = network;
  const [client] = network.clients as [Site];
  const flood = { address: server.ipv4, direction, seconds: seconds + WARM_UP_SECONDS + 3, port: OTHER_PORT } as const;
  const udp = await startFlood(client.namespace, server.namespace, { ...flood, udpBitsPerSecond: 30e6 });
  await delay(500);
  const rate = await meanRate(network, direction, seconds, {});
  await udp.stop();
  return noted(`${direction}: TCP beside 30 Mbit/s of UDP`, rate, "Mbit/s");
}

interface FlowOptions {
  readonly congestion?: string;
  readonly port?: number;
}

/** Mbit/s of one TCP flow, the beginning left out. */
async function meanRate(
  { server, clients }: Network,
  direction: Direction,
  seconds: number,
  flow: FlowOptions,
): Promise<number> {
  const [client] = clients as [Site];
  const options = { address: server.ipv4, direction, seconds: seconds + WARM_UP_SECONDS, ...flow } as const;
  const [bytes = []] = await runIperfBySecond(client.namespace, server.namespace, options);
  const counted = bytes.slice(WARM_UP_SECONDS);
  return (8 * counted.reduce((sum, one) => sum + one, 0)) / Math.max(1, counted.length) / 1e6;
}
