import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { CaptureOutcome, CaptureRequest } from "../capture/capture.ts";
import { compileFilter } from "../capture/filter.ts";
import { CAPTURE_DEFAULTS, FrameCapture } from "../capture/frame-capture.ts";
import type { CapturedPort } from "../capture/watched-port.ts";
import type { Operator } from "../control/action.ts";

/** Captures at a time. Each has a ring, and costs a look at every frame that it is about. */
export const MAX_CAPTURES = 4;

/** A port of the server, as a request may name it. */
export interface ServerPort extends CapturedPort {
  readonly network: string;
  /** Empty for an anonymous peer and an uplink. */
  readonly user: string;
}

export interface ControlCaptureDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** All that are here. */
  readonly ports: () => Iterable<ServerPort>;
  readonly hasNetwork: (name: string) => boolean;
}

/** A capture that runs, and which ports it is about. */
interface Running {
  readonly matches: (port: ServerPort) => boolean;
  /** The only port it is about; ids are never used again, so the capture is over when that leaves. */
  readonly id: string | undefined;
}

/** The captures of a server: finds their ports when they begin and as ports come, and logs who looks at what. */
export class ControlCapture {
  readonly #deps: ControlCaptureDeps;
  readonly #running = new Map<FrameCapture, Running>();

  constructor(deps: ControlCaptureDeps) {
    this.#deps = deps;
  }

  /** Begins to look. `not-found` if the request names a network, peer or user that is not here. */
  open(operator: Operator, request: CaptureRequest): CaptureOutcome {
    const filter = compileFilter(request.filter);
    if (filter.state === "wrong") return { state: "refused", why: "invalid", message: filter.message };
    const running = this.#find(request);
    if (typeof running === "string") return { state: "refused", why: "not-found", message: running };
    if (this.#running.size >= MAX_CAPTURES) {
      const message = `There are ${MAX_CAPTURES} captures already, which is as many as there may be.`;
      return { state: "refused", why: "busy", message };
    }
    const { clock } = this.#deps;
    const onClosed = (closed: FrameCapture): void => this.#closed(closed, operator, request);
    const { snapBytes } = request;
    const options = { ...CAPTURE_DEFAULTS, filter: filter.test, comment: describe(request), snapBytes };
    const capture = new FrameCapture({ clock, onClosed }, { ...options, startMs: Date.now() });
    this.#running.set(capture, running);
    for (const port of this.#deps.ports()) if (running.matches(port)) capture.watch(port);
    this.#log("started", `${operator.name} begins to capture ${describe(request)}`, operator, request, {});
    return { state: "open", capture };
  }

  /** A port came. */
  came(port: ServerPort): void {
    for (const [capture, { matches }] of this.#running) if (matches(port)) capture.watch(port);
  }

  /** The port with this id left. */
  left(id: string): void {
    for (const [capture, running] of this.#running) {
      if (running.id === id) capture.end();
      else capture.unwatch(id);
    }
  }

  /** The server stops: what was captured may still be taken. */
  end(): void {
    for (const capture of this.#running.keys()) capture.end();
  }

  /** Which ports a request is about, or a sentence why none. An id is preferred to a user of that name. */
  #find({ network, peer }: CaptureRequest): Running | string {
    const isThere = (port: ServerPort): boolean => network === undefined || port.network === network;
    if (network !== undefined && !this.#deps.hasNetwork(network)) return `There is no network ${network}.`;
    if (peer === undefined) return { matches: isThere, id: undefined };
    const here = [...this.#deps.ports()].filter(isThere);
    if (here.some(({ id }) => id === peer)) return { matches: ({ id }) => id === peer, id: peer };
    const where = network === undefined ? "" : ` in network ${network}`;
    if (!here.some(({ user }) => user === peer)) return `No peer ${peer} and nobody of that name is here${where}.`;
    return { matches: (port) => isThere(port) && port.user === peer, id: undefined };
  }

  #closed(capture: FrameCapture, operator: Operator, request: CaptureRequest): void {
    this.#running.delete(capture);
    const { keptFrames, lostFrames } = capture;
    const message = `${operator.name} captured ${keptFrames} frames of ${describe(request)}, ${lostFrames} were lost`;
    this.#log("ended", message, operator, request, { frames: keptFrames, lostFrames });
  }

  #log(
    state: "started" | "ended",
    message: string,
    { name, address }: Operator,
    { network, peer, filter }: CaptureRequest,
    counts: { readonly frames?: number; readonly lostFrames?: number },
  ): void {
    const request = { network: network ?? null, peer: peer ?? null, filter };
    this.#deps.log.info("control.capture", message, { state, operator: name, address, ...request, ...counts });
  }
}

function describe({ network, peer, filter }: CaptureRequest): string {
  const whom = peer === undefined ? "all peers" : `peer ${peer}`;
  const where = network === undefined ? "" : ` in network ${network}`;
  return `${whom}${where}, ${filter.trim() === "" ? "every frame" : `filter \`${filter.trim()}\``}`;
}
