import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { CaptureOutcome, CaptureRequest } from "../capture/capture.ts";
import { compileFilter } from "../capture/filter.ts";
import { CAPTURE_DEFAULTS, FrameCapture } from "../capture/frame-capture.ts";
import type { CapturedPort } from "../capture/watched-port.ts";
import type { Operator } from "../control/action.ts";
import { printable } from "../wire/printable.ts";
import { LoopLoad } from "./loop-load.ts";
import type { Networks } from "./networks.ts";
import type { Peer } from "./peer.ts";
import { uplinkId } from "./peer-row.ts";

/** Captures at a time. Each has a ring, and costs a look at every frame that it is about. */
export const MAX_CAPTURES = 4;

export interface ControlCaptureDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly networks: Networks;
  readonly peers: ReadonlyMap<number, Peer>;
}

/** A port of the server, as a request may name it. */
interface ServerPort extends CapturedPort {
  readonly network: string;
  /** Empty for an anonymous peer and an uplink. */
  readonly user: string;
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
  /** While there is a capture. */
  #load: LoopLoad | undefined;

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
    this.#load ??= new LoopLoad(clock);
    const { snapBytes } = request;
    const options = { ...CAPTURE_DEFAULTS, filter: filter.test, comment: describe(request), snapBytes };
    const capture = new FrameCapture({ clock, onClosed, load: this.#load }, { ...options, startMs: Date.now() });
    this.#running.set(capture, running);
    for (const port of this.#ports()) if (running.matches(port)) capture.watch(port);
    this.#log("started", `${printable(operator.name)} begins to capture ${describe(request)}`, operator, request, {});
    return { state: "open", capture };
  }

  /** A peer has its port. */
  came(peer: Peer): void {
    const port = portOf(peer);
    if (port === undefined) return;
    for (const [capture, { matches }] of this.#running) if (matches(port)) capture.watch(port);
  }

  /** A peer is gone. */
  left(peer: Peer): void {
    const id = String(peer.id);
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
    if (network !== undefined && this.#deps.networks.get(network) === undefined) {
      return `There is no network ${printable(network)}.`;
    }
    if (peer === undefined) return { matches: isThere, id: undefined };
    const here = [...this.#ports()].filter(isThere);
    if (here.some(({ id }) => id === peer)) return { matches: ({ id }) => id === peer, id: peer };
    const where = network === undefined ? "" : ` in network ${network}`;
    if (!here.some(({ user }) => user === peer)) {
      return `There is no peer ${printable(peer)}${where}, and nobody of that name.`;
    }
    return { matches: (port) => isThere(port) && port.user === peer, id: undefined };
  }

  *#ports(): Generator<ServerPort> {
    const { networks, peers } = this.#deps;
    for (const { definition, uplink } of networks.all) {
      if (uplink === undefined) continue;
      const { port } = uplink;
      const { name } = definition;
      yield {
        port,
        id: uplinkId(name),
        name: `uplink ${port.name}`,
        description: `network ${name}`,
        network: name,
        user: "",
      };
    }
    for (const peer of peers.values()) {
      const port = portOf(peer);
      if (port !== undefined) yield port;
    }
  }

  #closed(capture: FrameCapture, operator: Operator, request: CaptureRequest): void {
    this.#running.delete(capture);
    if (this.#running.size === 0) {
      this.#load?.close();
      this.#load = undefined;
    }
    const { keptFrames, lostFrames } = capture;
    const what = `${keptFrames} frames of ${describe(request)}`;
    const message = `${printable(operator.name)} captured ${what}; ${lostFrames} were lost`;
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
    this.#deps.log.info("control.capture", message, {
      ...{ state, operator: printable(name), address: printable(address) },
      ...request,
      ...counts,
    });
  }
}

/** Undefined for one that is gone. */
function portOf({ id, port, network, remote }: Peer): ServerPort | undefined {
  if (port === undefined) return undefined;
  const { name } = network.definition;
  const user = printable(remote.user);
  const label = { name: user === "" ? port.name : `${port.name} ${user}`, description: `network ${name}` };
  return { port, id: String(id), ...label, network: name, user };
}

/** For the log and the file, in one line. What a request names is there; between a filter's words there may be any blanks. */
function describe({ network, peer, filter }: CaptureRequest): string {
  const whom = peer === undefined ? "all peers" : `peer ${peer}`;
  const where = network === undefined ? "" : ` in network ${network}`;
  return `${whom}${where}, ${filter.trim() === "" ? "every frame" : `filter \`${printable(filter.trim())}\``}`;
}
