import type { Socket } from "node:net";
import { readSocketState, SOCKET_STATE_WORDS, setNotSentLowat, setUserTimeout } from "../device/socket-options.ts";
import type { TuneSocket } from "../transport/connection-deps.ts";
import type { SocketControl, SocketState } from "../transport/socket-control.ts";
import { socketDescriptor } from "../transport/socket-descriptor.ts";
import type { Congestion } from "./congestion.ts";

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
export function makeTuneSocket(congestion: Congestion): TuneSocket {
  return (socket) => {
    const fd = socketDescriptor(socket);
    if (socket.remoteAddress !== undefined) {
      socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
      if (fd !== undefined) attempt(() => setUserTimeout(fd, USER_TIMEOUT_MS));
    }
    return fd === undefined ? undefined : new NativeSocketControl(socket, congestion, fd);
  };
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
  readonly #congestion: Congestion;
  readonly #words = new Uint32Array(SOCKET_STATE_WORDS);
  #deliveredBytes = 0;

  constructor(socket: Socket, congestion: Congestion, fd: number) {
    this.#socket = socket;
    this.#congestion = congestion;
    this.congestionControl = congestion.tune(fd);
  }

  read(state: SocketState): boolean {
    const fd = socketDescriptor(this.#socket);
    if (fd === undefined || !attempt(() => readSocketState(fd, this.#words))) return false;
    const [roundTripUs = 0, unsentBytes = 0, pacedBytes = 0, minRoundTripUs = 0, flightBytes = 0, delivered = 0] =
      this.#words;
    state.roundTripMs = roundTripUs / 1_000;
    state.unsentBytes = unsentBytes;
    state.pacedBytesPerMs = pacedBytes === UNPACED ? Number.POSITIVE_INFINITY : pacedBytes / 1_000;
    state.minRoundTripMs = minRoundTripUs / 1_000;
    state.flightBytes = flightBytes;
    // Counted modulo 2³² there.
    this.#deliveredBytes += (delivered - this.#deliveredBytes) >>> 0;
    state.deliveredBytes = this.#deliveredBytes;
    return true;
  }

  putOffPause(): void {
    const fd = socketDescriptor(this.#socket);
    if (fd !== undefined && this.congestionControl === "bbr") this.#congestion.putOffPause(fd);
  }

  limitUnsent(bytes: number): void {
    const fd = socketDescriptor(this.#socket);
    if (fd !== undefined) attempt(() => setNotSentLowat(fd, Math.min(bytes, NO_LIMIT)));
  }
}
