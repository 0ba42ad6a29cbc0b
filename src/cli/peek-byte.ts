import type { Socket } from "node:net";
import { peekByte as peekAt } from "../device/socket-options.ts";
import { socketDescriptor } from "../transport/socket-descriptor.ts";

/** The next byte that the kernel has for the socket, left there; −1 if there is none, or the socket is gone. */
export function peekByte(socket: Socket): number {
  const fd = socketDescriptor(socket);
  return fd === undefined ? -1 : peekAt(fd);
}
