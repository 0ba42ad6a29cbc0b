import type { Socket } from "node:net";
import { peerCredentials, socketDescriptor } from "../device/socket-options.ts";

/** The user at the other end of a unix socket, as the kernel knows it; undefined if the socket is gone. */
export function peerUid(socket: Socket): number | undefined {
  const fd = socketDescriptor(socket);
  return fd === undefined ? undefined : peerCredentials(fd).uid;
}
