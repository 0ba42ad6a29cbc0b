/**
 * Several connections of one client on a path that loses frames. TCP of old takes a loss for congestion: with every hundredth
 * frame lost and 60 ms of round trip, cubic carries about 3 Mbit/s on a connection, whatever the link could.
 */
import { setTimeout as delay } from "node:timers/promises";
import { runIperf, runIperfBySecond } from "../iperf.ts";
import { Lab } from "../namespace.ts";
import { buildNetwork, type Network, type Site } from "../network.ts";
import { UPSTREAM_PORT } from "../nginx.ts";
import type { Path } from "../path/path.ts";
import { PROFILES } from "../path/profiles.ts";
import { atLeast, type Measured, noted, type Situation } from "./situation.ts";

/** Inner flows: enough that each of four connections gets some, however they are spread. */
const FLOWS = 16;
const GAIN_BOUND = 3;
const DEFAULT_BOUND_PERCENT = 80;

/** With one of four connections stalled, at least this share of flows must not notice; three quarters would be even. */
const UNTOUCHED_BOUND_PERCENT = 50;
const STALL_SECONDS = 3;

type Direction = "up" | "down";

export const connections: Situation = {
  name: "connections",
  title: "several connections on 50 Mbit/s, 60 ms, 1 % loss",
  async measure({ quick }) {
    const seconds = quick ? 8 : 15;
    const one = await ratesOf({ connections: "1", congestion: "cubic" }, seconds);
    const four = await ratesOf({ connections: "4", congestion: "cubic" }, seconds);
    const byDefault = await ratesOf({}, seconds);
    const measured: Measured[] = [];
    for (const direction of ["up", "down"] as const) {
      measured.push(noted(`${direction}: one connection, cubic`, one[direction], "Mbit/s"));
      const gain = four[direction] / one[direction];
      measured.push(atLeast(`${direction}: four connections, cubic, of one`, gain, GAIN_BOUND, "×"));
      const share = (100e6 * byDefault[direction]) / PROFILES.lossy.bitsPerSecond;
      measured.push(atLeast(`${direction}: by default, of the link`, share, DEFAULT_BOUND_PERCENT, "%"));
    }
    return [...measured, await stallOne()];
  },
};

interface Settings {
  readonly connections?: string;
  readonly congestion?: string;
}

/** A network with these settings, for as long as `use` takes. */
async function withNetwork<T>(
  settings: Settings,
  path: keyof typeof PROFILES,
  use: (network: Network) => Promise<T>,
): Promise<T> {
  const congestion = settings.congestion === undefined ? [] : ["--congestion", settings.congestion];
  const count = settings.connections === undefined ? [] : ["--connections", settings.connections];
  const lab = await Lab.open();
  try {
    const flags = { serverFlags: congestion, clientFlags: [...congestion, ...count] };
    return await use(await buildNetwork(lab, { clients: 1, path, ...flags }));
  } finally {
    await lab.close();
  }
}

/** Mbit/s through the VPN, each way. */
function ratesOf(settings: Settings, seconds: number): Promise<Readonly<Record<Direction, number>>> {
  return withNetwork(settings, "lossy", async ({ server, clients }) => {
    const [client] = clients as [Site];
    const rate = async (direction: Direction): Promise<number> => {
      const options = { address: server.ipv4, direction, seconds, flows: FLOWS, omitSeconds: 4 } as const;
      return (await runIperf(client.namespace, server.namespace, options)).megabitsPerSecond;
    };
    return { up: await rate("up"), down: await rate("down") };
  });
}

/** Cuts one of four connections alone for a while, and sees which flows notice. */
function stallOne(): Promise<Measured> {
  return withNetwork({ connections: "4" }, "narrow", async ({ server, clients, paths }) => {
    const [client] = clients as [Site];
    const [path] = paths as readonly [Path];
    const before = 5;
    const options = {
      address: server.ipv4,
      direction: "down",
      seconds: before + STALL_SECONDS + 4,
      flows: FLOWS,
    } as const;
    const running = runIperfBySecond(client.namespace, server.namespace, options);
    await delay(1_000 * before);
    const ports = await connectionPorts(client);
    await path.set({ cutTcpPort: ports.at(-1) ?? 0 });
    await delay(1_000 * STALL_SECONDS);
    await path.set({ cutTcpPort: 0 });
    const flows = await running;
    // The first second of the stall is shared with the time before it.
    const untouched = flows.filter((bytes) =>
      bytes.slice(before + 1, before + STALL_SECONDS).every((count) => count > 0),
    );
    const percent = (100 * untouched.length) / flows.length;
    return atLeast(`flows that go on while one of ${ports.length} stalls`, percent, UNTOUCHED_BOUND_PERCENT, "%");
  });
}

/** Local ports of a client's connections to the server. */
async function connectionPorts({ namespace }: Site): Promise<readonly number[]> {
  const { stdout } = await namespace.run(["ss", "-Htn", "state", "established", `dport = :${UPSTREAM_PORT}`]);
  return [...stdout.matchAll(/:(\d+)\s+\S+:\d+\s*$/gm)].map(([, port]) => Number(port));
}
