import type { Clock } from "../base/clock.ts";
import type { Closed } from "../transport/connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { WelcomeMessage } from "../wire/control-message.ts";
import { type Attempt, NO_ATTEMPT } from "./attempt.ts";
import { greetingError } from "./dial-failure.ts";
import { RetiredConnections } from "./retired-connections.ts";
import { Retry, type RetryOptions, type Wait } from "./retry.ts";
import type { SessionConnection, SessionConnectionEvents } from "./session-connection.ts";
import type { Dialed, DialPlan } from "./session-dialer.ts";

export interface LaneDeps {
  readonly clock: Clock;
  readonly dial: (plan: DialPlan, number: number, signal: AbortSignal) => Promise<Dialed>;
  /** Makes the connection over what was dialed; `start` says hello. */
  readonly greet: (dialed: Dialed, number: number, events: SessionConnectionEvents) => SessionConnection;
  /** Whether this machine has an address (still). */
  readonly hasAddress: (address: string) => boolean;
}

export interface LaneEvents extends Pick<SessionConnectionEvents, "onControl" | "onDrained" | "onSuspect" | "onHeard"> {
  /** Where to dial now; undefined: nowhere, until `open` is called again. */
  plan(lane: Lane): DialPlan | undefined;
  onDialing(lane: Lane, plan: DialPlan): void;
  /** Its connection carries frames from now on, in the place of `before` if there was one. */
  onUp(
    lane: Lane,
    connection: SessionConnection,
    welcome: WelcomeMessage | undefined,
    before: SessionConnection | undefined,
  ): void;
  /** One of its connections is closed; called before everything else that follows from it. */
  onClosed(connection: SessionConnection): void;
  /** It has no connection any more; the next attempt follows after `wait`, or is under way already. */
  onLost(lane: Lane, connection: SessionConnection, closed: Closed, wait: Wait | undefined): void;
  /** An attempt failed; the next one follows after `wait`, or none: the old connection does well. */
  onFailed(lane: Lane, error: unknown, wait: Wait | undefined): void;
}

/** The answer to a probe may take twice the measured round trip and this; then another connection is dialed. */
const PROBE_GRACE_MS = 100;
const MOST_PROBE_MS = 500;

/** Only an attempt that is younger is called off for an old connection that speaks again: the server may know of others. */
const YOUNG_MS = 1_000;

/**
 * News of the network are told when they are 100 ms old: an attempt that is younger than this has begun with them. Any
 * other may be on its way from an address that we have no more, and would be for long.
 */
const NEWS_MS = 150;

/**
 * One of the session's connections, kept open. Beside the one that carries frames there is at most one attempt to make
 * another, which takes over when it is welcomed: the new one stands before the old one is given up.
 *
 *     attempt    none ──woken──► probing ──silent──► dialing ──101──► greeting ──welcome──► none, it carries frames
 *                 ▲  └──────lost, suspect────────────▲  │ failed         │ failed
 *                 └──the old one speaks again──────┐ │  ▼                │
 *                                                  waiting ◄─────────────┘
 */
export class Lane {
  readonly number: number;
  readonly #deps: LaneDeps;
  readonly #events: LaneEvents;
  readonly #retry: Retry;
  readonly #retired: RetiredConnections;
  #current: SessionConnection | undefined;
  #attempt: Attempt = NO_ATTEMPT;
  #hasStood = false;
  #isClosed = false;
  #onGone: (() => void) | undefined;

  constructor(deps: LaneDeps, number: number, events: LaneEvents, options: RetryOptions) {
    this.#deps = deps;
    this.number = number;
    this.#events = events;
    this.#retry = new Retry(deps.clock, options);
    this.#retired = new RetiredConnections(deps.clock);
  }

  /** What carries its frames; undefined if nothing does. */
  get current(): SessionConnection | undefined {
    return this.#current;
  }

  /** Whether it had a connection before, since `drop`. */
  get hasStood(): boolean {
    return this.#hasStood;
  }

  get attempt(): Attempt["state"] {
    return this.#attempt.state;
  }

  /** Sees to it that there is a connection, or an attempt to make one. */
  open(): void {
    if (this.#current === undefined && this.#attempt.state === "none") this.#dial();
  }

  /** The server asks not to be dialed sooner. */
  waitAtLeast(waitMs: number): void {
    this.#retry.ask(waitMs);
  }

  /** The connection may be dead: another one is dialed beside it, now. */
  doubt(): void {
    if (this.#takeHurry()) this.#dial();
  }

  /** The connection is alive after all: the attempt beside it is called off, unless the server may know of it already. */
  trust(): void {
    const isKnown = this.#attempt.state === "greeting" || this.#isDialingSince(YOUNG_MS);
    if (this.#current !== undefined && !isKnown) this.#become(NO_ATTEMPT);
  }

  /** The network is another, or time was lost: what was known of the way may be true no more. */
  wake(): void {
    const current = this.#current;
    if (current !== undefined && this.#hasLostAddress(current)) {
      current.destroy(`our address ${current.localAddress} is gone`);
      this.#hurry();
    } else if (current === undefined || current.isSuspect) this.#hurry();
    else if (this.#attempt.state === "none" && current.dialect === "v2") this.#probe(current);
  }

  /** Dials these, once, and moves there if one answers. */
  move(plan: DialPlan): void {
    if (this.#attempt.state !== "greeting") this.#dialBy(plan);
  }

  /** Gives up what it has, with a goodbye, until `open`. */
  drop(reason: string): void {
    this.#become(NO_ATTEMPT);
    const current = this.#current;
    this.#current = undefined;
    this.#hasStood = false;
    if (current === undefined) return;
    this.#retired.add(current);
    current.close(CloseCode.normal, reason);
  }

  /** Says goodbye and stops for good. Resolves when nothing is left of it. To be called once. */
  close(code: number, reason: string): Promise<void> {
    this.#isClosed = true;
    const isGone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    this.#become(NO_ATTEMPT);
    this.#retired.destroyAll(reason);
    this.#current?.close(code, reason);
    this.#goneIfEmpty();
    return isGone;
  }

  /** Whether an attempt would come sooner if it began now, and neither has anybody asked us to wait nor told us no. */
  #takeHurry(): boolean {
    const attempt = this.#attempt;
    if (attempt.state === "none" || attempt.state === "probing") return true;
    return attempt.state === "waiting" && attempt.isOurs && this.#retry.takeNews();
  }

  #isDialingSince(agoMs: number): boolean {
    const attempt = this.#attempt;
    return attempt.state === "dialing" && this.#deps.clock.nowMs() - attempt.sinceMs >= agoMs;
  }

  #hasLostAddress({ localAddress }: SessionConnection): boolean {
    return localAddress !== undefined && !this.#deps.hasAddress(localAddress);
  }

  /** Dials now, because the network is another. */
  #hurry(): void {
    const attempt = this.#attempt;
    const isLost = attempt.state === "greeting" && this.#hasLostAddress(attempt.fresh);
    if (isLost || (this.#isDialingSince(NEWS_MS) && this.#retry.takeNews()) || this.#takeHurry()) this.#dial();
  }

  #probe(current: SessionConnection): void {
    const { receivedBytes, roundTripMs = MOST_PROBE_MS } = current;
    current.probe();
    const cancel = this.#deps.clock.after(Math.min(MOST_PROBE_MS, 2 * roundTripMs + PROBE_GRACE_MS), () => {
      if (current.receivedBytes === receivedBytes) this.#dial();
      else this.#become(NO_ATTEMPT);
    });
    this.#become({ state: "probing", cancel });
  }

  #dial(): void {
    const plan = this.#events.plan(this);
    if (plan === undefined) this.#become(NO_ATTEMPT);
    else this.#dialBy(plan);
  }

  #dialBy(plan: DialPlan): void {
    if (this.#isClosed) return;
    const abort = new AbortController();
    this.#become({ state: "dialing", abort, sinceMs: this.#deps.clock.nowMs() });
    this.#events.onDialing(this, plan);
    this.#deps.dial(plan, this.number, abort.signal).then(
      (dialed) => {
        if (abort.signal.aborted) dialed.socket.destroy();
        else this.#greet(dialed);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.#failed(error);
      },
    );
  }

  #greet(dialed: Dialed): void {
    const events: SessionConnectionEvents = {
      onUp: (connection, welcome) => this.#up(connection, welcome),
      onControl: (connection, message) => this.#events.onControl(connection, message),
      onDrained: (connection) => this.#events.onDrained(connection),
      onSuspect: (connection, silentMs) => this.#events.onSuspect(connection, silentMs),
      onHeard: (connection) => this.#events.onHeard(connection),
      onClosed: (connection, closed) => this.#onClosed(connection, closed),
    };
    const fresh = this.#deps.greet(dialed, this.number, events);
    // Not by #become: the dial is not called off, it has succeeded.
    this.#attempt = { state: "greeting", fresh };
    fresh.start();
  }

  #up(connection: SessionConnection, welcome: WelcomeMessage | undefined): void {
    const before = this.#current;
    this.#retry.welcomed();
    this.#attempt = NO_ATTEMPT;
    this.#current = connection;
    if (before !== undefined) this.#replace(before, connection);
    this.#events.onUp(this, connection, welcome, before);
    this.#hasStood = this.#current !== undefined;
  }

  #replace(before: SessionConnection, connection: SessionConnection): void {
    this.#retired.addReplaced(before);
    // To another server goes no claim, so this one does not know that the connection is replaced.
    if (before.server !== connection.server) before.close(CloseCode.normal, "moved to another server");
  }

  #onClosed(connection: SessionConnection, closed: Closed): void {
    const attempt = this.#attempt;
    this.#events.onClosed(connection);
    if (this.#retired.closed(connection)) this.#goneIfEmpty();
    else if (connection === this.#current) this.#lost(connection, closed);
    else if (attempt.state === "greeting" && attempt.fresh === connection)
      this.#failed(greetingError(connection.server, closed), closed);
  }

  #lost(connection: SessionConnection, closed: Closed): void {
    this.#current = undefined;
    if (this.#isClosed) {
      this.#goneIfEmpty();
      return;
    }
    const wait = this.#retry.afterLoss(closed, connection.upForMs);
    const isUnderWay = this.#attempt.state === "dialing" || this.#attempt.state === "greeting";
    if (!isUnderWay) this.#wait(wait);
    this.#events.onLost(this, connection, closed, isUnderWay ? undefined : wait);
  }

  /** `closed`: of a connection that was not welcomed. */
  #failed(error: unknown, closed?: Closed): void {
    const isNeeded = this.#current === undefined || this.#current.isSuspect;
    const wait = isNeeded ? this.#retry.afterFailure(error, closed) : undefined;
    // What was greeting is closed already: it must not be called off.
    this.#attempt = NO_ATTEMPT;
    if (wait !== undefined) this.#wait(wait);
    this.#events.onFailed(this, error, wait);
  }

  #wait({ ms, isOurs }: Wait): void {
    const cancel = this.#deps.clock.after(ms, () => this.#dial());
    this.#become({ state: "waiting", isOurs, cancel });
  }

  /** Ends the attempt that there is, for the next one. */
  #become(next: Attempt): void {
    const attempt = this.#attempt;
    this.#attempt = next;
    if (attempt.state === "dialing" || attempt.state === "greeting") this.#retry.calledOff();
    if (attempt.state === "waiting" || attempt.state === "probing") attempt.cancel();
    else if (attempt.state === "dialing") attempt.abort.abort();
    else if (attempt.state === "greeting") {
      this.#retired.add(attempt.fresh);
      attempt.fresh.destroy("called off");
    }
  }

  #goneIfEmpty(): void {
    if (this.#current === undefined && this.#retired.isEmpty) this.#onGone?.();
  }
}
