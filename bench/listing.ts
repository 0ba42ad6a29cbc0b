import { ControlSocket } from "./control-socket.ts";
import { median } from "./statistics.ts";
import type { TurnWatch } from "./turn-watch.ts";

/** Large answers, each of all peers: as the dashboard's tables, sorted too, and as Prometheus asks for them. */
const LARGE = [
  "/api/v1/peers?limit=10000",
  "/api/v1/peers?limit=10000&sort=sentBytes&order=desc",
  "/api/v1/fdb?limit=10000",
  "/metrics",
];
const TIMES = 5;

/**
 * The longest turn of the server's event loop while it lists all it knows, in milliseconds: no frame is forwarded for as
 * long. Of the worst answer the median, because thousands of idle peers have their turns too. `path`: of its unix socket.
 */
export async function longestTurnMs(path: string, turns: TurnWatch): Promise<number> {
  const socket = new ControlSocket(path);
  const medians: number[] = [];
  for (const large of LARGE) {
    const longest: number[] = [];
    for (let time = 0; time < TIMES; time++) longest.push(await turns.longestDuring(() => socket.read(large)));
    medians.push(median(longest));
  }
  return Math.max(...medians);
}
