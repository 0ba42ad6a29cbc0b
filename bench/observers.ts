import { setTimeout as delay } from "node:timers/promises";
import { ControlSocket, type Stream } from "./control-socket.ts";

/** As the dashboard asks for its table of peers. */
const TABLE_PERIOD_MS = 2_000;
/** As most Prometheus servers that look closely do. */
const SCRAPE_PERIOD_MS = 5_000;
/** Until what was begun before has come to rest. */
const SETTLE_MS = 300;

/**
 * Everybody who may look at a server, at once: a dashboard with its live feed and its table of peers, Prometheus, and
 * somebody who captures all frames. What they read is thrown away: it is the server that is measured.
 */
export class Observers {
  readonly #socket: ControlSocket;
  #streams: Stream[] = [];
  #polls: NodeJS.Timeout[] = [];

  /** `path`: of the server's unix socket for operators. */
  constructor(path: string) {
    this.#socket = new ControlSocket(path);
  }

  async start(): Promise<void> {
    this.#streams = [await this.#socket.open("/api/v1/live"), await this.#socket.open("/api/v1/capture")];
    this.#poll("/api/v1/peers?limit=10000", TABLE_PERIOD_MS);
    this.#poll("/metrics", SCRAPE_PERIOD_MS);
    await delay(SETTLE_MS);
  }

  async stop(): Promise<void> {
    for (const poll of this.#polls) clearInterval(poll);
    for (const stream of this.#streams) stream.close();
    this.#polls = [];
    this.#streams = [];
    await delay(SETTLE_MS);
  }

  /** A server that does not answer shows in what is measured, and where it is asked next. */
  #poll(path: string, periodMs: number): void {
    const ask = (): void => void this.#socket.read(path).catch(() => {});
    ask();
    this.#polls.push(setInterval(ask, periodMs));
  }
}
