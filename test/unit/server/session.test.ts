import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { Session } from "../../../src/server/session.ts";
import type { Closed } from "../../../src/transport/connection.ts";
import { FrameStore } from "../../../src/transport/frame-store.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { FakeSessionConnection } from "../../fake-session-connection.ts";
import { HandClock } from "../../hand-clock.ts";
import { ethernetFrame } from "../../host.ts";

const HOLD_MS = 20_000;
const LOST: Closed = { code: 1006, reason: "the line was cut", by: "peer" };

describe("session", () => {
  let clock: HandClock;
  let store: FrameStore;
  let session: Session<FakeSessionConnection>;
  let lostConnections: number[];
  let lostFrames: DropReason[];
  let overs: Closed[];
  beforeEach(() => {
    clock = new HandClock();
    store = new FrameStore({ maxChunks: 16_384 });
    lostConnections = [];
    lostFrames = [];
    overs = [];
    session = sessionOf(HOLD_MS);
  });

  function sessionOf(holdMs: number): Session<FakeSessionConnection> {
    const events = {
      onConnectionLost: ({ number }: FakeSessionConnection) => lostConnections.push(number),
      onFrameLost: (reason: DropReason) => lostFrames.push(reason),
      onOver: (closed: Closed) => overs.push(closed),
    };
    const made = new Session<FakeSessionConnection>({ clock, store }, events, { holdMs });
    made.welcomed();
    return made;
  }

  function attach(number: number): FakeSessionConnection {
    const connection = new FakeSessionConnection(number);
    session.attach(connection);
    session.release();
    return connection;
  }

  function send(payload: string): DropReason {
    const bytes = ethernetFrame("02:00:00:00:00:0a", "02:00:00:00:00:0b", payload);
    return session.send(new Frame(bytes).set(bytes, 0, bytes.length, false));
  }

  test("is held when its last connection is lost, and what comes is sent when one is back", () => {
    const first = attach(0);
    send("before");
    session.closed(first, LOST);
    assert.deepEqual([session.isHeld, session.isStanding, lostConnections], [true, true, [0]]);
    assert.deepEqual([send("one"), send("two"), session.heldFrames], [Drop.none, Drop.none, 2]);
    clock.advance(HOLD_MS - 1);
    const second = new FakeSessionConnection(0);
    assert.equal(session.attach(second), "returned");
    assert.deepEqual(second.frames, [], "nothing goes before it can send");
    session.release();
    send("three");
    // The first two are older than ten seconds.
    assert.deepEqual([first.frames, second.frames], [["before"], ["three"]]);
    assert.deepEqual(lostFrames, [Drop.egressStale, Drop.egressStale]);
    clock.advance(HOLD_MS);
    assert.deepEqual([overs, clock.timers, store.availableChunks], [[], 0, 16_384]);
  });

  test("sends what was held and is fresh, in order", () => {
    session.closed(attach(0), LOST);
    for (const payload of ["one", "two", "three"]) send(payload);
    clock.advance(1_000);
    assert.deepEqual(attach(5).frames, ["one", "two", "three"]);
  });

  test("is over, for the reason its last connection was lost, when its time has passed", () => {
    session.closed(attach(0), LOST);
    send("held");
    clock.advance(HOLD_MS);
    assert.deepEqual([overs, session.isStanding, clock.timers], [[LOST], false, 0]);
    assert.deepEqual([lostFrames, store.availableChunks], [[Drop.portClosed], 16_384]);
    assert.equal(send("late"), Drop.portClosed);
  });

  test("goes on while one connection is left", () => {
    const [first, second] = [attach(0), attach(1)];
    session.closed(first, LOST);
    assert.deepEqual([session.isHeld, overs.length, clock.timers, session.connections], [false, 0, 0, [second]]);
  });

  test("lets a connection take another's place, which is nobody's business any more", () => {
    const first = attach(0);
    const second = new FakeSessionConnection(0);
    assert.equal(session.attach(second), "replaced");
    assert.deepEqual(first.closing, { code: 1000, reason: "resumed", by: "us" });
    session.closed(first, LOST);
    assert.deepEqual([session.connections, lostConnections, overs], [[second], [], []]);
    assert.equal(session.attach(new FakeSessionConnection(1)), "added");
  });

  for (const [what, closed] of [
    ["a goodbye", { code: 1000, reason: "", by: "peer" }],
    ["going away", { code: 1001, reason: "", by: "peer" }],
    ["a close frame without a code", { code: 1005, reason: "", by: "peer" }],
    ["a breach of the protocol", { code: 1002, reason: "", by: "us" }],
    ["a flood of control messages", { code: 1008, reason: "control-flood", by: "us" }],
    ["a message over the limit", { code: 1009, reason: "", by: "us" }],
  ] as const) {
    test(`is over at once, with all its connections, by ${what}`, () => {
      const [first, second] = [attach(0), attach(1)];
      session.closed(first, closed);
      assert.deepEqual([overs, second.closing?.reason], [[closed], "the session is over"]);
      session.closed(second, LOST);
      assert.deepEqual([overs.length, lostConnections, clock.timers], [1, [], 0]);
    });
  }

  for (const [what, closed] of [
    ["a broken stream", LOST],
    ["silence", { code: 1006, reason: "nothing heard", by: "us" }],
    ["an error of the client's or of something between", { code: 1011, reason: "", by: "peer" }],
  ] as const) {
    test(`is held after ${what}`, () => {
      session.closed(attach(0), closed);
      assert.deepEqual([session.isHeld, overs], [true, []]);
    });
  }

  test("that could not come back is not held", () => {
    session = sessionOf(0);
    session.closed(attach(0), LOST);
    assert.deepEqual([overs, clock.timers], [[LOST], 0]);
  });

  test("that was never welcomed is not held: its client does not know its token", () => {
    const events = {
      onConnectionLost: () => {},
      onFrameLost: () => {},
      onOver: (closed: Closed) => overs.push(closed),
    };
    session = new Session({ clock, store }, events, { holdMs: HOLD_MS });
    session.closed(attach(0), LOST);
    assert.deepEqual([overs, clock.timers], [[LOST], 0]);
  });

  test("that is closed is over when all its connections are", () => {
    const [first, second] = [attach(0), attach(1)];
    session.close(1008, "enough");
    session.close(1001, "again");
    assert.deepEqual([first.closing?.code, second.closing?.code, overs, session.isStanding], [1008, 1008, [], false]);
    session.closed(first, LOST);
    assert.deepEqual(overs, []);
    session.closed(second, LOST);
    assert.deepEqual([overs, clock.timers], [[LOST], 0]);
  });

  test("that is closed while it is held is over at once", () => {
    session.closed(attach(0), LOST);
    session.close(1008, "enough");
    assert.deepEqual([overs, clock.timers], [[{ code: 1008, reason: "enough", by: "us" }], 0]);
  });

  test("counts the bytes of all connections, those that are gone too", () => {
    const first = attach(0);
    first.receivedBytes = 10;
    const second = attach(0);
    second.receivedBytes = 5;
    assert.equal(session.traffic.receivedBytes, 15);
    first.receivedBytes = 12;
    session.closed(first, LOST);
    first.receivedBytes = 99;
    session.closed(second, LOST);
    assert.equal(session.traffic.receivedBytes, 17);
  });

  test("grants claims at a rate", () => {
    let granted = 0;
    while (session.takeClaim()) granted++;
    clock.advance(1_000);
    const first = granted;
    while (session.takeClaim()) granted++;
    assert.deepEqual([first, granted - first], [32, 4]);
  });

  test("says what concerns it on all connections", () => {
    const all = [attach(0), attach(1), attach(7)];
    session.sendControl({ kind: "bye", reason: "done", message: "" });
    assert.deepEqual(
      all.map(({ controls }) => controls.length),
      [1, 1, 1],
    );
  });
});
