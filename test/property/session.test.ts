/** A session through random lives, beside a naive model of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import { Session } from "../../src/server/session.ts";
import type { Closed } from "../../src/transport/connection.ts";
import { FrameStore } from "../../src/transport/frame-store.ts";
import { Frame } from "../../src/wire/frame.ts";
import { MAX_SESSION_CONNECTIONS } from "../../src/wire/session-claim.ts";
import { FakeSessionConnection } from "../fake-session-connection.ts";
import { HandClock } from "../hand-clock.ts";
import { ethernetFrame } from "../host.ts";

const HOLD_MS = 5_000;
const CHUNKS = 4_096;
const LOST: Closed = { code: 1006, reason: "cut", by: "peer" };
const GOODBYE: Closed = { code: 1000, reason: "", by: "peer" };

type Step =
  | { readonly kind: "attach" | "lose" | "goodbye"; readonly number: number }
  | { readonly kind: "settle" }
  | { readonly kind: "close" }
  | { readonly kind: "send"; readonly flow: number }
  | { readonly kind: "pass"; readonly ms: number };

const number = fc.integer({ min: 0, max: MAX_SESSION_CONNECTIONS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("attach" as const), number }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("lose" as const), number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("goodbye" as const), number }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("send" as const), flow: fc.integer({ min: 0, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: HOLD_MS }) }),
  },
);

class Life {
  readonly clock = new HandClock();
  readonly store = new FrameStore({ maxChunks: CHUNKS });
  readonly session: Session<FakeSessionConnection>;
  /** All that were ever attached and are not closed. */
  readonly sockets = new Set<FakeSessionConnection>();
  readonly all: FakeSessionConnection[] = [];
  /** The model: which connection has which number, whether the session is ending, since when it has none. */
  readonly open = new Map<number, FakeSessionConnection>();
  state: "standing" | "leaving" | "over" = "standing";
  emptySinceMs: number | undefined;
  sent = 0;
  lost = 0;
  overs = 0;

  constructor() {
    const events = {
      onConnectionLost: () => {},
      onFrameLost: () => void this.lost++,
      onOver: () => void this.overs++,
    };
    this.session = new Session(this, events, { holdMs: HOLD_MS });
    this.session.welcomed();
    this.attach(0);
  }

  attach(at: number): void {
    if (this.state !== "standing") return;
    const connection = new FakeSessionConnection(at);
    this.sockets.add(connection);
    this.all.push(connection);
    const before = this.open.get(at);
    const expected = this.open.size === 0 && this.all.length > 1 ? "returned" : before ? "replaced" : "added";
    assert.equal(this.session.attach(connection), expected);
    this.session.release();
    this.open.set(at, connection);
    this.emptySinceMs = undefined;
    if (before !== undefined) assert.equal(before.closing?.reason, "resumed");
  }

  end(at: number, closed: Closed): void {
    const connection = this.open.get(at);
    if (connection === undefined) return;
    this.open.delete(at);
    this.close(connection, closed);
    if (this.state === "leaving") this.state = this.open.size === 0 ? "over" : "leaving";
    else if (closed === GOODBYE) this.state = "over";
    else if (this.state === "standing" && this.open.size === 0) this.emptySinceMs = this.clock.nowMs();
    if (this.state === "over") this.open.clear();
  }

  /** Those that the session closed, are. */
  settle(): void {
    for (const connection of [...this.sockets]) {
      if (connection.closing === undefined) continue;
      if (this.open.get(connection.number) === connection) this.end(connection.number, connection.closing);
      else this.close(connection, connection.closing);
    }
  }

  close(connection: FakeSessionConnection, closed: Closed): void {
    if (this.sockets.delete(connection)) this.session.closed(connection, closed);
  }

  run(step: Step): void {
    if (step.kind === "pass") this.pass(step.ms);
    else if (step.kind === "send") this.send(step.flow);
    else if (step.kind === "settle") this.settle();
    else if (step.kind === "close") this.cut();
    else if (step.kind === "attach") this.attach(step.number);
    else this.end(step.number, step.kind === "lose" ? LOST : GOODBYE);
    this.assertAsModelled();
  }

  cut(): void {
    this.session.close(1008, "enough");
    if (this.state === "standing") this.state = this.open.size === 0 ? "over" : "leaving";
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    const isLate = this.emptySinceMs !== undefined && this.clock.nowMs() >= this.emptySinceMs + HOLD_MS;
    if (this.state === "standing" && isLate) this.state = "over";
  }

  send(flow: number): void {
    const bytes = ethernetFrame("02:00:00:00:00:ff", `02:00:00:00:00:0${flow}`, `${flow} ${this.sent}`);
    const drop = this.session.send(new Frame(bytes).set(bytes, 0, bytes.length, false));
    if (this.state === "standing") assert.equal(drop, Drop.none);
    if (drop === Drop.none) this.sent++;
  }

  assertAsModelled(): void {
    const { session } = this;
    assert.equal(session.isStanding, this.state === "standing");
    assert.equal(session.isHeld, this.state === "standing" && this.open.size === 0);
    assert.equal(this.overs, this.state === "over" ? 1 : 0);
    assert.equal(this.clock.timers, session.isHeld ? 1 : 0, "a timer runs only while it is held");
    if (this.state === "standing") assert.deepEqual(new Set(session.connections), new Set(this.open.values()));
    const arrived = this.all.flatMap(({ frames }) => frames);
    assert.equal(new Set(arrived).size, arrived.length, "no frame arrives twice");
    assert.equal(arrived.length + this.lost + session.heldFrames, this.sent, "each frame is somewhere");
    if (!session.isHeld) assert.equal(this.store.availableChunks, CHUNKS, "nothing is held where nobody is waited for");
    for (const { frames } of this.all) assertInOrder(frames);
  }
}

/** On one connection the frames of a flow come in the order they were sent. */
function assertInOrder(frames: readonly string[]): void {
  const last = new Map<string, number>();
  for (const frame of frames) {
    const [flow = "", at] = frame.split(" ");
    assert.ok(Number(at) > (last.get(flow) ?? -1), `${frame} after ${last.get(flow)}`);
    last.set(flow, Number(at));
  }
}

describe("a session through a random life", () => {
  test("is as modelled at each step, and leaves nothing behind", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const life = new Life();
        for (const one of steps) life.run(one);
        life.run({ kind: "close" });
        life.run({ kind: "settle" });
        assert.equal(life.overs, 1);
        assert.deepEqual([life.clock.timers, life.store.availableChunks, life.sockets.size], [0, CHUNKS, 0]);
      }),
      { numRuns: 500 },
    );
  });
});
