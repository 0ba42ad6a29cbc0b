import type { Socket } from "node:net";
import { setUserTimeout, socketDescriptor } from "../device/socket-options.ts";

/** Silence after which the kernel asks the other host whether it is still there. */
const KEEPALIVE_AFTER_MS = 15_000;
/** Sent bytes that nobody acknowledges for this long end the connection; Linux alone would wait a quarter of an hour. */
const USER_TIMEOUT_MS = 30_000;

/**
 * Lets TCP notice a dead peer by itself. It must, for the original's programs, which never answer a ping; behind a web
 * server the socket is a unix one, or ends at the web server, and this does nothing or no harm.
 */
export function tuneSocket(socket: Socket): void {
  if (socket.remoteAddress === undefined) return;
  socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
  const fd = socketDescriptor(socket);
  if (fd === undefined) return;
  try {
    setUserTimeout(fd, USER_TIMEOUT_MS);
  } catch {
    // The peer has gone already, and "close" is on its way; or this is no TCP after all, and there is nothing to time.
  }
}
