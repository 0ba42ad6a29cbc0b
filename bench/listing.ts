import { ControlSocket } from "./control-socket.ts";

/** Large answers, each of all peers. */
const LARGE = [
  "/api/v1/peers?limit=10000",
  "/api/v1/peers?limit=10000&sort=sentBytes",
  "/api/v1/fdb?limit=10000",
  "/metrics",
];
/** One whose handling takes no time. */
const SMALL = "/api/v1/server";
const TIMES = 5;

/**
 * The longest that a small request waits, in milliseconds, while large answers are made: no frame is forwarded for as long.
 * Asked from outside, so that it is what counts, garbage collection and the way to the socket included.
 */
export async function longestWaitMs(path: string): Promise<number> {
  const socket = new ControlSocket(path);
  let longestMs = 0;
  for (let time = 0; time < TIMES; time++) {
    for (const large of LARGE) longestMs = Math.max(longestMs, await longestWaitDuring(socket, socket.read(large)));
  }
  return longestMs;
}

async function longestWaitDuring(socket: ControlSocket, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  let longestMs = 0;
  while (!isDone) {
    const askedMs = performance.now();
    await socket.read(SMALL);
    longestMs = Math.max(longestMs, performance.now() - askedMs);
  }
  await done;
  return longestMs;
}
