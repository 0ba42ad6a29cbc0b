import type { Clock } from "../base/clock.ts";
import type { Closed } from "../transport/connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { ControlMessage, WelcomeMessage } from "../wire/control-message.ts";
import type { ClientOptions } from "./client-options.ts";
import type { ClientRecord } from "./client-record.ts";
import type { ClientSession } from "./client-session.ts";
import { connectionCount } from "./connection-count.ts";
import { failureKind } from "./dial-failure.ts";
import { Lane, type LaneDeps, type LaneEvents } from "./lane.ts";
import type { LaneLog } from "./lane-log.ts";
import type { Outbound } from "./outbound.ts";
import type { Wait } from "./retry.ts";
import { RoundTripMeasure } from "./round-trip-measure.ts";
import type { Servers } from "./servers.ts";
import type { SessionConnection } from "./session-connection.ts";
import type { DialPlan } from "./session-dialer.ts";

export interface LanesDeps extends LaneDeps {
  readonly clock: Clock;
  readonly log: LaneLog;
  readonly session: ClientSession;
  readonly servers: Servers;
  readonly outbound: Outbound;
  readonly record: ClientRecord;
}

export interface LanesEvents {
  /** A connection is welcomed; `isNew`: to another session than before. Undefined from a v1 server. */
  onWelcome(welcome: WelcomeMessage | undefined, isNew: boolean): void;
  /** Neither a welcome nor a goodbye. */
  onControl(message: ControlMessage): void;
}

/**
 * The connections of the client's session. Lane 0 leads: it alone looks for servers, and begins sessions; the others add
 * to the session that it has, and wait while that has no connection at all.
 */
export class Lanes implements LaneEvents {
  readonly #deps: LanesDeps;
  readonly #events: LanesEvents;
  readonly #options: ClientOptions;
  readonly #measure: RoundTripMeasure;
  readonly #lanes: Lane[] = [];
  /** Lanes that the session uses. */
  #count = 1;
  #stopped: Promise<void> | undefined;

  constructor(deps: LanesDeps, events: LanesEvents, options: ClientOptions) {
    this.#deps = deps;
    this.#events = events;
    this.#options = options;
    this.#measure = new RoundTripMeasure(deps.clock);
    this.#lanes.push(new Lane(deps, 0, this, options));
  }

  /** Those that carry frames, or are the only ones that could. */
  get standing(): readonly SessionConnection[] {
    return this.#lanes.flatMap(({ current }) => current ?? []);
  }

  start(): void {
    this.#lead.open();
  }

  /** Says goodbye on all connections. Resolves when they are gone. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#measure.cancel();
    await Promise.all(this.#lanes.map((lane) => lane.close(CloseCode.goingAway, "the client is shutting down")));
  }

  /** What was known of the way to the server may be true no more. */
  wake(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  /** On all connections. */
  sendControl(message: ControlMessage): void {
    for (const { current } of this.#lanes) current?.sendControl(message);
  }

  /** Back to the favourite server, if it answers. */
  failBack(): void {
    const { favourite } = this.#deps.servers;
    if (this.#lead.current?.server !== favourite) this.#lead.move({ servers: [favourite], areRaced: false });
  }

  plan(lane: Lane): DialPlan | undefined {
    const { servers, session } = this.#deps;
    // While some connection stands, its server is the only one that this one can be added to.
    if (this.#isUp && session.server !== undefined) return { servers: [session.server], areRaced: false };
    return lane === this.#lead ? { servers: servers.order, areRaced: servers.areRaced } : undefined;
  }

  onDialing(lane: Lane, plan: DialPlan): void {
    this.#deps.log.dialing(plan, lane.number);
  }

  onUp(
    lane: Lane,
    connection: SessionConnection,
    welcome: WelcomeMessage | undefined,
    before: SessionConnection | undefined,
  ): void {
    const { session, outbound, log } = this.#deps;
    const isNew = !session.isOf(connection.server, welcome);
    if (isNew && lane !== this.#lead) {
      lane.drop("of another session");
      return;
    }
    // What the kernel has not taken of the device's batch it will not take, and the device must go on.
    if (before !== undefined && before === outbound.borrower && before.isSuspect) before.destroy("replaced");
    if (isNew) this.#begin(connection, welcome);
    else if (lane.hasStood) log.resumed(connection);
    else log.added(connection);
    this.#route();
    outbound.release();
    this.#events.onWelcome(welcome, isNew);
    if (lane === this.#lead) this.#plan(isNew, connection, welcome);
    // Others may have lost theirs while there was none that they could be added to.
    else this.#addLanes(this.#count);
  }

  onClosed(connection: SessionConnection): void {
    this.#deps.outbound.gone(connection);
    this.#deps.record.closed(connection);
  }

  onLost(_lane: Lane, connection: SessionConnection, closed: Closed, wait: Wait | undefined): void {
    const { log } = this.#deps;
    this.#route();
    if (this.#isUp) log.lost(connection, closed);
    else log.disconnected(closed, wait);
  }

  onFailed(lane: Lane, error: unknown, wait: Wait | undefined): void {
    this.#deps.log.dialFailed(error, lane.number, wait);
    // Perhaps it is the claim that it does not like.
    if (lane === this.#lead && !this.#isUp && failureKind(error) === "denied") this.#deps.session.forget();
  }

  onControl(connection: SessionConnection, message: ControlMessage): void {
    if (message.kind !== "bye") this.#events.onControl(message);
    else if (message.retryAfterMs !== undefined) this.#lanes[connection.number]?.waitAtLeast(message.retryAfterMs);
  }

  onDrained(connection: SessionConnection): void {
    this.#deps.outbound.drained(connection);
  }

  onSuspect(connection: SessionConnection, silentMs: number): void {
    const lane = this.#laneOf(connection);
    if (lane === undefined) return;
    this.#deps.log.suspect(connection, silentMs);
    this.#route();
    lane.doubt();
  }

  onHeard(connection: SessionConnection): void {
    const lane = this.#laneOf(connection);
    if (lane === undefined) return;
    lane.trust();
    this.#route();
    this.#deps.outbound.forget();
  }

  get #lead(): Lane {
    return this.#lanes[0] as Lane;
  }

  get #isUp(): boolean {
    return this.#lanes.some(({ current }) => current !== undefined);
  }

  /** The lane whose frames this connection carries; undefined for one that was replaced. */
  #laneOf(connection: SessionConnection): Lane | undefined {
    const lane = this.#lanes[connection.number];
    return lane?.current === connection ? lane : undefined;
  }

  #begin(connection: SessionConnection, welcome: WelcomeMessage | undefined): void {
    const { session, servers, log } = this.#deps;
    session.begin(connection.server, welcome);
    servers.choose(connection.server);
    for (const lane of this.#lanes.slice(1)) lane.drop("another session began");
    log.connected(connection);
  }

  /** The connections that the session has already, and, when it is known how far the server is, those that it wants. */
  #plan(isNew: boolean, connection: SessionConnection, welcome: WelcomeMessage | undefined): void {
    const wanted = (roundTripMs?: number): number =>
      connectionCount(this.#options.connections, welcome, { roundTripMs, congestion: connection.congestion });
    if (isNew) this.#count = 1;
    if (this.#options.connections !== "auto" || welcome === undefined) this.#addLanes(wanted());
    else {
      this.#addLanes(this.#count);
      this.#measure.begin(connection, (leastMs) => {
        if (this.#laneOf(connection) !== undefined) this.#addLanes(wanted(leastMs));
      });
    }
  }

  /** Within a session there never are fewer: to give one up would be a goodbye. */
  #addLanes(count: number): void {
    this.#count = Math.max(count, this.#count);
    for (let number = this.#lanes.length; number < this.#count; number++) {
      this.#lanes.push(new Lane(this.#deps, number, this, this.#options));
    }
    for (const lane of this.#lanes.slice(1, this.#count)) lane.open();
  }

  /** Frames go by the connections that are sure to live; if there is none, by all that stand. */
  #route(): void {
    const { standing } = this;
    const certain = standing.filter(({ isSuspect }) => !isSuspect);
    this.#deps.outbound.use(certain.length > 0 ? certain : standing, certain.length > 0);
  }
}
