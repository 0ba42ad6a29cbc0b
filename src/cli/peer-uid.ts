import type { Socket } from "node:net";
import { peerCredentials } from "../device/socket-options.ts";
import { socketDescriptor } from "../transport/socket-descriptor.ts";

/** The user at the other end of a unix socket, as the kernel knows it; undefined if the socket is gone. */
export function peerUid(socket: Socket): number | undefined {
  const fd = socketDescriptor(socket);
  return fd === undefined ? undefined : peerCredentials(fd).uid;
}
