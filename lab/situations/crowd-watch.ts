import { fileURLToPath } from "node:url";
import type { Child } from "../child.ts";
import type { Namespace } from "../namespace.ts";
import { programArgv } from "../program-argv.ts";

const PROGRAM = fileURLToPath(new URL("crowd-program.ts", import.meta.url));
/** Of the lines of the crowd's process. */
const PERIOD_MS = 100;
const PATIENCE_MS = 90_000;

/** Where the crowd is, where its server is, and the cable between them: its address at each end. */
export interface CrowdGround {
  readonly outside: Namespace;
  readonly hub: Namespace;
  readonly ipv4: readonly [outside: string, hub: string];
}

/** Starts many clients of the server at this port. Every address of 10.99.0.0/16 is theirs (AnyIP: a local route for all of it). */
export async function startCrowd(
  { outside, hub, ipv4 }: CrowdGround,
  port: number,
  count: number,
): Promise<CrowdWatch> {
  await outside.ip("route", "add", "local", "10.99.0.0/16", "dev", "lo");
  await hub.ip("route", "add", "10.99.0.0/16", "via", ipv4[0]);
  return new CrowdWatch(outside.start(programArgv(PROGRAM, ipv4[1], String(port), String(count))), count);
}

interface Tick {
  readonly atMs: number;
  readonly dials: number;
  readonly up: number;
}

/** What the crowd's process says of itself, ten times a second. */
export class CrowdWatch {
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
