/** Socket options that Node has no name for. Each throws a DeviceError `SOCKET_OPTION_REFUSED` if the kernel does. */
import { DeviceError } from "../base/errors.ts";
import { loadAddon, type PeerCredentials } from "./addon.ts";
import { explainFault } from "./tap-error.ts";

/** Linux's numbers (asm-generic/socket.h, netinet/tcp.h). */
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const IPPROTO_TCP = 6;
const TCP_CONGESTION = 13;
const TCP_USER_TIMEOUT = 18;
const TCP_NOTSENT_LOWAT = 25;

/** How long sent data may stay unacknowledged before the kernel ends the connection (RFC 5482). */
export function setUserTimeout(fd: number, timeoutMs: number): void {
  explain("TCP_USER_TIMEOUT", () => loadAddon().setSocketOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeoutMs));
}

/**
 * A socket with more unsent bytes than this is not writable: what waits then waits where we can still choose. The kernel
 * adds to its last buffer all the same, up to 64 KiB.
 */
export function setNotSentLowat(fd: number, bytes: number): void {
  explain("TCP_NOTSENT_LOWAT", () => loadAddon().setSocketOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes));
}

/** Fixes the kernel's send buffer, which ends its automatic growth. The kernel reserves twice as much. */
export function setSendBuffer(fd: number, bytes: number): void {
  explain("SO_SNDBUF", () => loadAddon().setSocketOption(fd, SOL_SOCKET, SO_SNDBUF, bytes));
}

/** Fixes the kernel's receive buffer, which ends its automatic growth. The kernel reserves twice as much. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  explain("SO_RCVBUF", () => loadAddon().setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bytes));
}

/** Chooses the connection's congestion control by its kernel name, e.g. `bbr`. */
export function setCongestionControl(fd: number, algorithm: string): void {
  explain("TCP_CONGESTION", () => loadAddon().setSocketOptionText(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm));
}

/** The name of the connection's congestion control. */
export function congestionControl(fd: number): string {
  return explain("TCP_CONGESTION", () => loadAddon().getSocketOptionText(fd, IPPROTO_TCP, TCP_CONGESTION));
}

/** Words that `readSocketState` writes. */
export const SOCKET_STATE_WORDS = 6;

/** Writes into `words` what `Addon.socketState` says; true if it is TCP. */
export function readSocketState(fd: number, words: Uint32Array): boolean {
  return loadAddon().socketState(fd, words);
}

/** Who connected to, or listens on, the other end of a unix socket, as the kernel saw it then. */
export function peerCredentials(fd: number): PeerCredentials {
  return explain("SO_PEERCRED", () => loadAddon().peerCredentials(fd));
}

/** The next byte to read, which stays there; −1 if there is none, nor will be, or not yet. */
export function peekByte(fd: number): number {
  return loadAddon().peekByte(fd);
}

function explain<T>(option: string, call: () => T): T {
  return explainFault(call, (cause) => {
    const message = `The kernel refused the socket option ${option} (${cause.message}).`;
    return new DeviceError("SOCKET_OPTION_REFUSED", message, { cause });
  });
}
