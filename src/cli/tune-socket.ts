import type { Socket } from "node:net";
import {
  congestionControl,
  readSocketState,
  setNotSentLowat,
  setUserTimeout,
  socketDescriptor,
} from "../device/socket-options.ts";
import type { SocketControl, SocketState } from "../transport/socket-control.ts";

/** Silence after which the kernel asks the other host whether it is still there. */
const KEEPALIVE_AFTER_MS = 15_000;
/** Sent bytes that nobody acknowledges for this long end the connection; Linux alone would wait a quarter of an hour. */
const USER_TIMEOUT_MS = 30_000;
/** TCP_NOTSENT_LOWAT takes a signed integer; the kernel's own default is no limit. */
const NO_LIMIT = 0x7fff_ffff;
/** What the kernel says of a pacing rate that is none. */
const UNPACED = 0xffff_ffff;

/**
 * Lets TCP notice a dead peer by itself. It must, for the original's programs, which never answer a ping; behind a web
 * server the socket is a unix one, or ends at the web server, and this does nothing or no harm. Answers what can be done
 * with the socket later.
 */
export function tuneSocket(socket: Socket): SocketControl | undefined {
  const fd = socketDescriptor(socket);
  if (socket.remoteAddress !== undefined) {
    socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
    if (fd !== undefined) attempt(() => setUserTimeout(fd, USER_TIMEOUT_MS));
  }
  return fd === undefined ? undefined : new NativeSocketControl(socket, fd);
}

/** False if the kernel refuses: the peer has gone already, and "close" is on its way; or this is no TCP after all. */
function attempt(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

class NativeSocketControl implements SocketControl {
  readonly congestionControl: string | undefined;
  readonly #socket: Socket;
  #deliveredBytes = 0;
  readonly #words = new Uint32Array(6);

  constructor(socket: Socket, fd: number) {
    this.#socket = socket;
    let name: string | undefined;
    attempt(() => {
      name = congestionControl(fd);
    });
    this.congestionControl = name;
  }

  read(state: SocketState): boolean {
    const fd = socketDescriptor(this.#socket);
    if (fd === undefined || !attempt(() => readSocketState(fd, this.#words))) return false;
    state.roundTripMs = (this.#words[0] as number) / 1_000;
    state.unsentBytes = this.#words[1] as number;
    const pacedBytes = this.#words[2] as number;
    state.pacedBytesPerMs = pacedBytes === UNPACED ? Number.POSITIVE_INFINITY : pacedBytes / 1_000;
    state.minRoundTripMs = (this.#words[3] as number) / 1_000;
    state.flightBytes = this.#words[4] as number;
    // Counted modulo 2³² there.
    this.#deliveredBytes += ((this.#words[5] as number) - this.#deliveredBytes) >>> 0;
    state.deliveredBytes = this.#deliveredBytes;
    return true;
  }

  limitUnsent(bytes: number): void {
    const fd = socketDescriptor(this.#socket);
    if (fd !== undefined) attempt(() => setNotSentLowat(fd, Math.min(bytes, NO_LIMIT)));
  }
}
