import type { Server, Socket } from "node:net";

/**
 * The descriptor of a connected or listening socket; undefined if it has none any more. That of a TLS socket is the one it
 * lies on. Node keeps it in `_handle`, which is not documented but is how libraries have found it since Node 0.10. Not to
 * be kept: once the socket has closed, the same number is another socket's.
 */
export function socketDescriptor(socket: Socket | Server): number | undefined {
  const handle = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle;
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
