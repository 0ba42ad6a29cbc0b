import type { Socket } from "node:net";
import { makeClientApi } from "../api/client-api.ts";
import { clientSocketName } from "../api/socket-directory.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Client } from "../client/client.ts";
import { bindLocalSocket } from "./local-socket.ts";
import { peerUid } from "./peer-uid.ts";

/**
 * Shows a client's status on a socket of this machine, until the returned function is called. Where there can be no socket,
 * that is said and nothing else happens: a client needs none.
 */
export async function showClientStatus(log: Logger, client: Client, tap: string): Promise<() => void> {
  const server = makeClientApi({ status: () => client.status, mayLook });
  server.unref();
  try {
    // In namespaces there may be several TAPs of one name.
    const names = [clientSocketName(tap), clientSocketName(`${tap}-${process.pid}`)] as const;
    const path = await bindLocalSocket(server, { names });
    log.debug("client.status", `vpn-ws status finds us at ${path}`, { path });
  } catch (error) {
    log.warn("client.no-status", `vpn-ws status will not find us: ${describeError(error)}`);
  }
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/** Root and our own user; nobody whom the kernel does not name. */
function mayLook(socket: Socket): boolean {
  try {
    const uid = peerUid(socket);
    return uid === 0 || (uid !== undefined && uid === process.geteuid?.());
  } catch {
    return false;
  }
}
