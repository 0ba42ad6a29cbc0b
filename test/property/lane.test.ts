/** One lane of the client under everything that can befall it, in any order: nothing is forgotten, nothing is left behind. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PeerError } from "../../src/base/errors.ts";
import { Lane, type LaneEvents } from "../../src/client/lane.ts";
import type { SessionConnection, SessionConnectionEvents } from "../../src/client/session-connection.ts";
import type { Dialed } from "../../src/client/session-dialer.ts";
import { parseServerUrl } from "../../src/transport/server-url.ts";
import { HandClock } from "../hand-clock.ts";

const PLAN = { servers: [parseServerUrl("ws://127.0.0.1/")], areRaced: false };
const OPTIONS = { backoff: { leastMs: 250, mostMs: 1_000, maxMs: 15_000 }, stableAfterMs: 5_000 };

/** A dial that the test ends. */
interface PendingDial {
  readonly signal: AbortSignal;
  succeed(): void;
  fail(): void;
}

/** A connection without a socket, that closes when it is told to, as late as the test likes. */
class FakeConnection implements Pick<SessionConnection, keyof SessionConnection> {
  readonly number = 0;
  readonly server = PLAN.servers[0] as Dialed["server"];
  readonly dialect = "v2";
  readonly remoteAddress = "192.0.2.1";
  readonly roundTripMs = 20;
  readonly congestion = undefined;
  readonly congested = false;
  localAddress: string | undefined = "192.0.2.2";
  receivedBytes = 0;
  readonly sentBytes = 0;
  readonly silentMs = 0;
  readonly queuedBytes = 0;
  readonly lastRoundTripMs = undefined;
  isSuspect = false;
  isUp = false;
  /** Whether its end is a matter of time. */
  isEnding = false;
  isClosed = false;
  readonly #events: SessionConnectionEvents;
  readonly #clock: HandClock;
  #upMs = 0;

  constructor(clock: HandClock, events: SessionConnectionEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  get upForMs(): number {
    return this.isUp ? this.#clock.nowMs() - this.#upMs : 0;
  }

  readonly start = (): void => {};
  readonly send = (): 0 => 0;
  readonly flush = (): void => {};
  readonly sendBatch = (): boolean => true;
  readonly sendControl = (): void => {};
  readonly probe = (): void => {};

  close(): void {
    this.isEnding = true;
  }

  destroy(): void {
    this.isEnding = true;
  }

  welcome(): void {
    this.isUp = true;
    this.#upMs = this.#clock.nowMs();
    this.#events.onUp(this.real, undefined);
  }

  suspect(): void {
    this.isSuspect = true;
    this.#events.onSuspect(this.real, 1_000);
  }

  hear(): void {
    this.receivedBytes++;
    if (!this.isSuspect) return;
    this.isSuspect = false;
    this.#events.onHeard(this.real);
  }

  end(code: number): void {
    this.isClosed = true;
    this.#events.onClosed(this.real, { code, reason: "", by: this.isEnding ? "us" : "peer" });
  }

  get real(): SessionConnection {
    return asReal(this);
  }
}

function asReal(shape: Pick<SessionConnection, keyof SessionConnection>): SessionConnection {
  return shape as SessionConnection;
}

/** The lane, and the world around it. */
class World {
  readonly clock = new HandClock();
  readonly dials: PendingDial[] = [];
  readonly connections: FakeConnection[] = [];
  readonly lane: Lane;
  hasAddress = true;

  constructor() {
    const ignore = (): void => {};
    const events: LaneEvents = {
      ...{ onDialing: ignore, onUp: ignore, onLost: ignore, onFailed: ignore, onClosed: ignore },
      ...{ onControl: ignore, onDrained: ignore },
      plan: () => PLAN,
      onSuspect: (connection) => void (this.lane.current === connection && this.lane.doubt()),
      onHeard: (connection) => void (this.lane.current === connection && this.lane.trust()),
    };
    const deps = {
      clock: this.clock,
      hasAddress: () => this.hasAddress,
      dial: (_plan: unknown, _number: number, signal: AbortSignal) => this.#dial(signal),
      greet: (_dialed: Dialed, _number: number, own: SessionConnectionEvents) => this.#greet(own),
    };
    this.lane = new Lane(deps, 0, events, OPTIONS);
  }

  get standing(): FakeConnection[] {
    return this.connections.filter(({ isClosed }) => !isClosed);
  }

  get pending(): PendingDial[] {
    return this.dials.filter(({ signal }) => !signal.aborted);
  }

  /** Dials that may still succeed are one at most, and so are connections that greet; there is always something. */
  check(): void {
    const { lane } = this;
    const fresh = this.standing.filter(({ isUp, isEnding }) => !isUp && !isEnding);
    const carrying = this.standing.filter(({ isUp, isEnding }) => isUp && !isEnding);
    assert.ok(this.pending.length + fresh.length <= 1, "one attempt at most");
    assert.equal(lane.attempt === "dialing", this.pending.length === 1);
    assert.equal(lane.attempt === "greeting", fresh.length === 1);
    // Replaced ones may stand beside it until they retire, each for a second.
    if (lane.current !== undefined) assert.ok(this.connections.some(({ real }) => real === lane.current));
    assert.ok(carrying.length <= 1 + this.clock.timers, "each that is left has a timer that ends it");
    const isCared = lane.current !== undefined || lane.attempt !== "none";
    assert.ok(isCared, "open, or something is under way");
    if (lane.current?.isSuspect) assert.notEqual(lane.attempt, "none", "a suspect one is not trusted");
    if (lane.attempt === "waiting" || lane.attempt === "probing") assert.ok(this.clock.timers > 0);
  }

  #dial(signal: AbortSignal): Promise<Dialed> {
    return new Promise((resolve, reject) => {
      const socket = { destroy: () => {} };
      const done = (call: () => void) => () => {
        this.dials.splice(this.dials.indexOf(dial), 1);
        call();
      };
      const dial: PendingDial = {
        signal,
        succeed: done(() => resolve({ socket } as Dialed)),
        fail: done(() => reject(new PeerError("CONNECT_FAILED", "no"))),
      };
      this.dials.push(dial);
    });
  }

  #greet(events: SessionConnectionEvents): SessionConnection {
    const connection = new FakeConnection(this.clock, events);
    this.connections.push(connection);
    return connection.real;
  }
}

/** What may happen; each does nothing where it cannot. */
const EVENTS: Readonly<Record<string, (world: World, number: number) => void>> = {
  "time passes": ({ clock }, number) => clock.advance(number * 20),
  "much time passes": ({ clock }, number) => clock.advance(number * 1_000),
  "a dial succeeds": ({ dials }, number) => dials[number % Math.max(1, dials.length)]?.succeed(),
  "a dial fails": ({ pending }) => pending[0]?.fail(),
  "the welcome comes": ({ standing }) => standing.find(({ isUp, isEnding }) => !isUp && !isEnding)?.welcome(),
  "one falls silent": ({ standing }, number) => {
    const one = standing[number % Math.max(1, standing.length)];
    if (one?.isUp && !one.isSuspect) one.suspect();
  },
  "one is heard": ({ standing }, number) => standing[number % Math.max(1, standing.length)]?.hear(),
  "one ends": ({ standing }, number) => standing[number % Math.max(1, standing.length)]?.end(1006),
  "one is replaced at the server": ({ standing }) => standing.find(({ isUp }) => isUp)?.end(1000),
  "the network changes": ({ lane }) => lane.wake(),
  "our address goes": (world) => {
    world.hasAddress = false;
    world.lane.wake();
    world.hasAddress = true;
  },
  "it is sent elsewhere": ({ lane }) => lane.move(PLAN),
  "it is begun anew": ({ lane }) => {
    lane.drop("anew");
    lane.open();
  },
  "the server asks for time": ({ lane }, number) => lane.waitAtLeast(number * 100),
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a lane", () => {
  test("has a connection or an attempt, one attempt at most, and leaves nothing behind, whatever happens", async () => {
    // Often enough that most connections stand for a while before something befalls them.
    const good = fc.constantFrom("a dial succeeds", "the welcome comes");
    const name = fc.oneof(good, fc.constantFrom(...Object.keys(EVENTS)));
    const happening = fc.tuple(name, fc.nat(99));
    const run = async (happenings: readonly (readonly [string, number])[]): Promise<void> => {
      const world = new World();
      world.lane.open();
      for (const [name, number] of happenings) {
        EVENTS[name]?.(world, number);
        await settled();
        world.check();
      }
      const gone = world.lane.close(1001, "stop");
      for (const dial of [...world.dials]) dial.succeed();
      await settled();
      for (const one of world.standing) {
        assert.ok(one.isEnding, "all are told to end");
        one.end(1001);
      }
      await gone;
      assert.deepEqual([world.pending.length, world.clock.timers, world.standing.length], [0, 0, 0]);
    };
    await fc.assert(fc.asyncProperty(fc.array(happening, { maxLength: 60, size: "max" }), run), { numRuns: 1_000 });
  });

  test("begins an attempt again that is older than the news of the network, and no other", () => {
    const world = new World();
    world.lane.open();
    world.clock.advance(149);
    world.lane.wake();
    assert.equal(world.dials.length, 1);
    world.clock.advance(1);
    world.lane.wake();
    assert.deepEqual([world.dials.length, world.pending.length], [2, 1]);
  });

  test("begins an attempt again that greets from an address that is gone", async () => {
    const world = new World();
    world.lane.open();
    world.dials[0]?.succeed();
    await settled();
    world.lane.wake();
    assert.equal(world.lane.attempt, "greeting");
    world.hasAddress = false;
    world.lane.wake();
    assert.equal(world.lane.attempt, "dialing");
    assert.ok(world.connections[0]?.isEnding);
  });
});
