import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LIVENESS_DEFAULTS, Liveness, type LivenessOptions, livenessFor } from "../../../src/transport/liveness.ts";
import { Ticker } from "../../../src/transport/ticker.ts";
import { HandClock } from "../../hand-clock.ts";

const STALLED_AFTER_MS = 25_000;

/** One end whose peer is the test. */
class End {
  readonly clock: HandClock;
  readonly stream = { writes: 0, writing: false };
  readonly events: string[] = [];
  readonly pings: Uint8Array[] = [];
  readonly liveness: Liveness;
  /** Takes the pings, and brings back what it likes. */
  onPing: (payload: Uint8Array) => void = () => {};

  constructor(options: LivenessOptions, clock = new HandClock()) {
    this.clock = clock;
    const at = (what: string): unknown => this.events.push(`${what} ${clock.nowMs() / 1000}`);
    this.liveness = new Liveness(
      { clock, ticker: new Ticker(clock), stream: this.stream },
      {
        ping: (payload) => {
          at("ping");
          this.pings.push(payload);
          if (!this.stream.writing) this.stream.writes++;
          this.onPing(payload);
        },
        suspect: () => at("suspect"),
        heard: () => at("heard"),
        dead: () => {
          at("dead");
          this.liveness.close();
        },
        frozen: () => {
          at("frozen");
          this.liveness.close();
        },
      },
      options,
      STALLED_AFTER_MS,
    );
    this.liveness.start();
  }

  /** The latest ping is answered. */
  pong(): void {
    this.liveness.heard();
    this.liveness.pong(this.pings.at(-1) as Uint8Array);
  }

  /** Measures a round trip of so many milliseconds and forgets how. */
  measured(roundTripMs: number): this {
    this.clock.advance(250);
    this.clock.advance(roundTripMs);
    this.pong();
    this.clock.advance(250 - (this.clock.nowMs() % 250));
    this.events.length = 0;
    return this;
  }

  /** Seconds since `startMs` at which something happened; undefined if it did not. */
  secondsTo(what: string, startMs: number): number | undefined {
    const event = this.events.find((one) => one.startsWith(`${what} `));
    return event === undefined ? undefined : Number(event.split(" ")[1]) - startMs / 1000;
  }
}

const CLIENT: LivenessOptions = { idlePingMs: [3_000, 3_000], isAnswered: true };

describe("liveness", () => {
  test("leaves a peer alone that means to be silent, and asks it when that is over", () => {
    const end = new End(CLIENT);
    end.liveness.excuse(60_000);
    end.clock.advance(59_000);
    assert.equal(end.events.length, 0);
    end.clock.advance(12_000);
    assert.deepEqual(
      end.events.map((one) => one.split(" ")[0]).filter((one) => one !== "suspect"),
      ["ping", "dead"],
    );
  });

  test("measures the round trip at the start", () => {
    const end = new End(CLIENT);
    end.clock.advance(250);
    end.clock.advance(40);
    end.pong();
    assert.equal(end.liveness.roundTrip.lastMs, 40);
  });

  test("an idle peer is pinged, and one that answers is neither suspect nor dead", () => {
    const end = new End(CLIENT).measured(20);
    end.onPing = () => end.pong();
    end.clock.advance(60_000);
    assert.ok(end.events.length >= 15 && end.events.every((event) => event.startsWith("ping ")), `${end.events}`);
  });

  test("an idle peer that is gone is suspect soon after its ping, and dead within 10 s", () => {
    const end = new End(CLIENT).measured(20);
    end.clock.advance(20_000);
    assert.deepEqual(end.events, ["ping 3.5", "suspect 4.25", "dead 10"]);
    assert.equal(end.clock.timers, 0);
  });

  test("one that owes us an answer is asked after a second, and dead within 5 s", () => {
    const end = new End(CLIENT).measured(20);
    end.stream.writes++;
    end.clock.advance(20_000);
    assert.deepEqual(end.events, ["ping 1.5", "suspect 2.25", "dead 5"]);
  });

  test("a busy one that falls silent is asked after half a second", () => {
    const end = new End(CLIENT).measured(20);
    for (let i = 0; i < 8; i++) {
      end.liveness.heard();
      end.clock.advance(250);
    }
    end.clock.advance(3_000);
    assert.deepEqual(end.events, ["ping 3", "suspect 3.75"]);
  });

  test("what waits and does not move makes suspect without a ping", () => {
    const end = new End(CLIENT).measured(20);
    end.stream.writing = true;
    end.clock.advance(1_000);
    assert.deepEqual(end.events, ["suspect 1.25", "ping 1.5"]);
  });

  test("suspicion is told once per silence, and so is its end", () => {
    const end = new End(CLIENT).measured(20);
    end.stream.writes++;
    end.clock.advance(4_000);
    end.liveness.heard();
    end.liveness.heard();
    end.clock.advance(250);
    assert.deepEqual(end.events, ["ping 1.5", "suspect 2.25", "heard 4.5"]);
    end.stream.writes++;
    end.clock.advance(4_000);
    assert.equal(end.events.filter((event) => event.startsWith("suspect")).length, 2);
  });

  test("a probe pings at once, and what does not answer it is suspect", () => {
    const end = new End(CLIENT).measured(20);
    end.liveness.heard();
    end.liveness.probe();
    end.clock.advance(1_250);
    assert.deepEqual(end.events, ["ping 0.5", "suspect 1.5"]);
  });

  test("a slow path gets more time, but no more than there is", () => {
    const suspectAfter = (roundTripMs: number, what: string): number | undefined => {
      const end = new End(CLIENT).measured(roundTripMs);
      const startMs = end.clock.nowMs();
      end.stream.writes++;
      end.clock.advance(20_000);
      return end.secondsTo(what, startMs);
    };
    assert.deepEqual(
      [20, 600, 5_000].map((ms) => suspectAfter(ms, "suspect")),
      [1.75, 3.5, 4],
    );
    assert.deepEqual(
      [20, 600, 5_000].map((ms) => suspectAfter(ms, "dead")),
      [4.5, 4.75, 9.5],
    );
  });

  test("time in which our own process stood still makes nobody dead", () => {
    const end = new End(CLIENT).measured(20);
    end.liveness.tick(500);
    end.liveness.tick(500);
    assert.equal(end.secondsTo("dead", 0), undefined);
    assert.equal(end.liveness.silentMs, 1_000);
  });

  test("who takes nothing is frozen after its time, though it speaks", () => {
    const end = new End(CLIENT).measured(20);
    end.stream.writing = true;
    for (let i = 0; i < 120; i++) {
      end.liveness.heard();
      end.clock.advance(250);
    }
    const frozen = end.secondsTo("frozen", 500) ?? 0;
    assert.ok(frozen >= 25 && frozen <= 25.5, String(frozen));
    assert.equal(end.pings.length, 2, "one ping waits behind the write, no more");
  });

  test("the original's programs are pinged every 15 to 17 s, empty, and never declared dead", () => {
    const end = new End(livenessFor("v1", "server"));
    end.clock.advance(170_000);
    assert.ok(end.pings.length >= 10 && end.pings.length <= 11, `${end.events}`);
    assert.ok(end.pings.every(({ length }) => length === 0));
    assert.ok(end.events.every((event) => event.startsWith("ping ")));
  });

  test("pings come before the 20 s after which some proxies cut an idle connection", () => {
    for (const { idlePingMs } of Object.values(LIVENESS_DEFAULTS)) assert.ok(idlePingMs[1] + 500 < 20_000);
  });
});

/** Both ends of a path with a delay that the test changes, and that may be cut. */
class Path {
  readonly clock = new HandClock();
  readonly client = new End(LIVENESS_DEFAULTS.client, this.clock);
  readonly server = new End(LIVENESS_DEFAULTS.server, this.clock);
  #isCut = false;
  #delayMs: number;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
    this.client.onPing = (payload) => this.#ask(this.client, this.server, payload);
    this.server.onPing = (payload) => this.#ask(this.server, this.client, payload);
  }

  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** A frame, which nobody answers. */
  send(from: End, to: End): void {
    from.stream.writes++;
    this.#carry(() => to.liveness.heard());
  }

  #ask(from: End, to: End, payload: Uint8Array): void {
    this.#carry(() => {
      to.liveness.heard();
      to.stream.writes++;
      this.#carry(() => {
        from.liveness.heard();
        from.liveness.pong(payload);
      });
    });
  }

  #carry(arrive: () => void): void {
    const carry = (): void => {
      if (!this.#isCut) arrive();
    };
    this.clock.after(this.#delayMs, carry);
  }
}

/** What goes over the path: in each step one of the ends sends, both or none do, and the delay of a way is another. */
const step = fc.record({
  lastMs: fc.integer({ min: 1, max: 6_000 }),
  /** Up to 2 s of round trip: a satellite, and a queue that nobody manages. */
  delayMs: fc.integer({ min: 0, max: 1_000 }),
  clientSends: fc.boolean(),
  serverSends: fc.boolean(),
});

function walk(path: Path, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): void {
  for (const { lastMs, delayMs, clientSends, serverSends } of steps) {
    path.delayMs = delayMs;
    if (clientSends) path.send(path.client, path.server);
    if (serverSends) path.send(path.server, path.client);
    path.clock.advance(lastMs);
  }
}

describe("liveness at both ends of a path", () => {
  const died = (path: Path): boolean =>
    [path.client, path.server].some((end) => end.secondsTo("dead", 0) !== undefined);

  test("with a round trip of up to two seconds, which jumps, nobody is declared dead", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const path = new Path(20);
        walk(path, steps);
        assert.equal(died(path), false, `${path.client.events}; ${path.server.events}`);
      }),
      { numRuns: 300 },
    );
  });

  test("a cut is found by both ends within 10 s, and within 5 s by whom something waits for on a path that is not slow", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), fc.boolean(), (steps, isSending) => {
        const path = new Path(20);
        walk(
          path,
          steps.map((one) => ({ ...one, delayMs: one.delayMs / 4 })),
        );
        path.cut();
        const cutMs = path.clock.nowMs();
        // What is on its way arrives nowhere, so that silence began now at the latest.
        for (let i = 0; i < 50; i++) {
          if (isSending) path.send(path.client, path.server);
          path.clock.advance(250);
        }
        const client = path.client.secondsTo("dead", cutMs) ?? Number.POSITIVE_INFINITY;
        const server = path.server.secondsTo("dead", cutMs) ?? Number.POSITIVE_INFINITY;
        assert.ok(server <= 10 && client <= (isSending ? 5 : 10), `${client} ${server}`);
      }),
      { numRuns: 300 },
    );
  });

  test("quiet ends are pinged by the client, and the server only answers", () => {
    const path = new Path(50);
    path.clock.advance(600_000);
    assert.equal(path.server.pings.length, 1, "at the start");
    assert.ok(path.client.pings.length > 140);
  });
});
