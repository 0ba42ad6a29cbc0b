import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { socketDescriptor } from "./socket-descriptor.ts";

/** What Node's stream adds to a write is felt in a lone small frame; of a large write it is nothing. */
const DIRECT_AT_MOST_BYTES = 16_384;

/** The kernel has no room, or no time, at the moment. */
const LATER: ReadonlySet<string | undefined> = new Set(["EAGAIN", "EINTR", "ENOBUFS", "ENOMEM"]);

/**
 * Gives bytes to the kernel past Node's stream, where nothing waits in it and they need no encryption. Returns how many
 * the kernel took. The rest, which is all where it takes none, goes the stream's way: that waits until the socket is
 * writable. A broken socket is destroyed with its fault, which the kernel tells once: Node's stream would not hear it.
 *
 * Measured: a ping through an idle tunnel takes 0.7 to 0.9 of the time.
 */
export function writeDirectly(socket: Socket, bytes: Uint8Array): number {
  if (bytes.length > DIRECT_AT_MOST_BYTES || !socket.writable || socket.writableLength > 0) return 0;
  if (socket instanceof TLSSocket) return 0;
  const fd = socketDescriptor(socket);
  if (fd === undefined) return 0;
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (!LATER.has((error as NodeJS.ErrnoException).code)) socket.destroy(error as Error);
    return 0;
  }
}
