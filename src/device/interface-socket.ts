import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { PeerError } from "../base/errors.ts";
import { isSystemFault, loadAddon } from "./addon.ts";

/** Linux's numbers (asm-generic/socket.h). */
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

const { ENODEV, EPERM } = constants.errno;

/**
 * An unconnected TCP socket that sends and hears by one interface only, whatever the routes say (SO_BINDTODEVICE). Node
 * can set no option before `connect`, so the socket is made here and handed over: it connects on the next turn of the
 * loop, before which it is not read. Throws a PeerError: the interface may be there at the next attempt, so it is no
 * fault of the configuration.
 */
export function openInterfaceSocket(interfaceName: string, version: 4 | 6): Socket {
  const addon = loadAddon();
  const fd = addon.openTcpSocket(version);
  try {
    addon.setSocketOptionText(fd, SOL_SOCKET, SO_BINDTODEVICE, interfaceName);
    return new Socket({ fd, readable: true, writable: true });
  } catch (error) {
    closeSync(fd);
    throw isSystemFault(error) ? bindError(interfaceName, error.errno, error) : error;
  }
}

function bindError(name: string, errno: number, cause: Error): PeerError {
  if (errno === ENODEV) {
    return new PeerError("INTERFACE_MISSING", `there is no interface ${name} to leave by.`, {
      cause,
      hint: "It is given with --interface: is it spelled right, and is it plugged in? ip link lists those that are there.",
    });
  }
  const message = `leaving by the interface ${name} is not permitted (${cause.message}).`;
  const hint = "Linux before 5.7 wants CAP_NET_RAW for that: take --source instead, or a newer kernel.";
  return new PeerError("INTERFACE_REFUSED", message, errno === EPERM ? { cause, hint } : { cause });
}
