/**
 * What a flow keeps of its speed while something goes on beside it. One flow for all, because two of them differ by more
 * than what is looked for:
 *
 *     time ──►   alone │ beside │ alone │ beside │ … │ alone        each `beside` is held against the two around it
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { startFlood } from "../lab/iperf.ts";
import { MOST_STOLEN, withStolenShare } from "../lab/stolen.ts";
import { median } from "./statistics.ts";
import type { Host, Tunnel } from "./tunnels/tunnel.ts";

/**
 * Who looks every two seconds does so three times in it, who looks every five once. What is asked as it all begins is
 * over before it.
 */
const WINDOW_MS = 6_000;
/** Until what begins or ends has come to rest. */
const SETTLE_MS = 500;
/** Windows are left out while a host takes the processors away; there are at most so many times those that are wanted. */
const MOST_TIMES = 3;

interface Window {
  readonly bytesPerMs: number;
  readonly isUndisturbed: boolean;
}

/** The median of so many windows; 1 is all of the speed. Throws if the machine was away for too many of them. */
export async function fractionBeside(tunnel: Tunnel, to: Host, windows: number): Promise<number> {
  const { beside, client } = tunnel;
  if (beside === undefined) throw new Error("nothing goes on beside this tunnel");
  const most = windows * MOST_TIMES;
  const seconds = Math.ceil(((most + 1) * 4 * (WINDOW_MS + SETTLE_MS)) / 1_000);
  const flow = await startFlood(client.namespace, to.namespace, { address: to.address, direction: "up", seconds });
  const fractions: number[] = [];
  try {
    let before = await watch(tunnel);
    for (let tried = 0; tried < most && fractions.length < windows; tried++) {
      await beside.start();
      const during = await watch(tunnel).finally(() => beside.stop());
      const after = await watch(tunnel);
      if ([before, during, after].every(({ isUndisturbed }) => isUndisturbed))
        fractions.push((2 * during.bytesPerMs) / (before.bytesPerMs + after.bytesPerMs));
      before = after;
    }
  } finally {
    await flow.stop();
  }
  if (fractions.length < windows / 2)
    throw new Error(`the processors were away for more than ${MOST_STOLEN * 100} % of the time; ask a quieter machine`);
  return median(fractions);
}

async function watch(tunnel: Tunnel): Promise<Window> {
  await delay(SETTLE_MS);
  const [bytesBefore, startMs] = [sentBytes(tunnel), performance.now()];
  const [, stolen] = await withStolenShare(() => delay(WINDOW_MS));
  const bytesPerMs = (sentBytes(tunnel) - bytesBefore) / (performance.now() - startMs);
  return { bytesPerMs, isUndisturbed: stolen <= MOST_STOLEN && bytesPerMs > 0 };
}

/** What the client's host has sent through its TAP, as its process sees the namespace it is in (proc_pid_net(5)). */
function sentBytes({ processes, device }: Tunnel): number {
  const client = processes.find(({ role }) => role === "client");
  if (client === undefined || device === undefined) throw new Error("this tunnel has no client with a TAP");
  return parseSentBytes(readFileSync(`/proc/${client.pid}/net/dev`, "utf8"), device);
}

/** The ninth figure behind the device's name: eight are about what was received. */
export function parseSentBytes(devices: string, device: string): number {
  const line = devices.split("\n").find((text) => text.trimStart().startsWith(`${device}:`));
  if (line === undefined) throw new Error(`there is no ${device} in: ${devices}`);
  return Number(
    line
      .slice(line.indexOf(":") + 1)
      .trim()
      .split(/\s+/)[8],
  );
}
