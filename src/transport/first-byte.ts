import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { readIntoStaticBuffers, whenReadable } from "./static-reads.ts";

/** The next byte that the kernel has for a socket, left there; −1 if there is none, or the socket is gone. */
export type PeekByte = (socket: Socket) => number;

/** What an accepted connection begins with: a byte, or nothing in time, or nothing at all. */
export type FirstByte = number | "late" | "gone";

/** Reads until something is there, puts it back, and leaves the socket paused. */
export function readFirstByte(clock: Clock, socket: Socket, timeoutMs: number, done: (first: FirstByte) => void): void {
  const finish = (first: FirstByte): void => {
    cancelTimer();
    socket.off("data", onData).off("end", onGone).off("close", onGone);
    done(first);
  };
  const onGone = (): void => finish("gone");
  const onData = (chunk: Buffer): void => {
    socket.pause();
    socket.unshift(chunk);
    finish(chunk[0] as number);
  };
  const cancelTimer = clock.after(timeoutMs, () => finish("late"));
  socket.on("data", onData).once("end", onGone).once("close", onGone).resume();
}

/**
 * The same for a socket that will speak TLS: its first bytes stay in the kernel. False if this Node cannot do it.
 *
 * Node's TLS reads into a ring of buffers, and makes the first one as large as what it is given first. Given a ClientHello by
 * JavaScript it has 1 KiB, and reads 1 KiB and 16 KiB in turns for as long as the connection lives; reading by itself it has
 * 64 KiB. Measured on Node 24: a fifth more throughput towards a server.
 */
export function peekFirstByte(
  clock: Clock,
  socket: Socket,
  peek: PeekByte,
  timeoutMs: number,
  done: (first: FirstByte) => void,
): boolean {
  const finish = (first: FirstByte): void => {
    cancelTimer();
    socket.off("close", onGone);
    done(first);
  };
  const onGone = (): void => finish("gone");
  const onReadable = (): void => {
    const byte = peek(socket);
    finish(byte < 0 ? "gone" : byte);
  };
  if (!whenReadable(socket, onReadable)) return false;
  const cancelTimer = clock.after(timeoutMs, () => finish("late"));
  socket.once("close", onGone);
  return true;
}

/** From now on what such a socket receives is thrown away. */
export function discardReads(socket: Socket): void {
  const room = Buffer.allocUnsafe(16 * 1_024);
  readIntoStaticBuffers(socket, { room: () => room, arrived: () => {} });
}
