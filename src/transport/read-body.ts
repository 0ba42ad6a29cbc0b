import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";

/** A refusal's status alone is worth reporting: who does not send the rest soon is not waited for. */
const READ_TIMEOUT_MS = 2_000;

/**
 * As many bytes as were asked for, or as come before the stream is over or too slow; the socket is paused behind them.
 * `rest`: what has come already.
 */
export function readBody(clock: Clock, socket: Socket, rest: Buffer, length: number): Promise<Buffer> {
  const chunks = [rest];
  let missing = length - rest.length;
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      socket.pause();
      socket.off("data", onData).off("end", finish).off("close", finish);
      resolve(Buffer.concat(chunks).subarray(0, length));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing <= 0) finish();
    };
    const cancel = clock.after(READ_TIMEOUT_MS, finish);
    if (missing <= 0 || socket.destroyed) finish();
    else socket.on("data", onData).once("end", finish).once("close", finish).resume();
  });
}
