/** What goes on until it is ended: `peers --watch` and `events -f`, also across a restart of the server. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { waitFor } from "../../../lab/wait.ts";
import { ControlClient } from "../../../src/cli/control-client.ts";
import { EventFollower } from "../../../src/cli/event-follower.ts";
import { LiveScreen } from "../../../src/cli/live-screen.ts";
import { findServer } from "../../../src/cli/operator-target.ts";
import { PeersWatch, type PeersWatchOptions } from "../../../src/cli/peers-watch.ts";
import type { ControlEvent } from "../../../src/control/model.ts";
import type { FakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { HandClock } from "../../hand-clock.ts";
import { OperatorDesk } from "../../operator-desk.ts";
import { OperatorScreen } from "../../operator-screen.ts";

/** A second in the life of a server that starts later than the other. */
const LATER_MS = 1_764_000_100_000;
const POLL = { pollMs: 2 };

let desk: OperatorDesk;
let model: FakeControlModel;
let api: FakeApi;
let over: AbortController;
let running: Promise<unknown>;
beforeEach(async () => {
  desk = new OperatorDesk();
  model = new FakeControlModel(20);
  api = await desk.serve(model);
  over = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  over.abort();
  await running;
  desk.close();
});

const find = async (): Promise<ControlClient> => new ControlClient(await findServer({}));
const ignoreEnd = (error: unknown): void => {
  if (!over.signal.aborted) throw error;
};

/** Another process in its place: another socket, another instance. */
async function restart(peers: number): Promise<FakeControlModel> {
  desk.stop(api);
  const next = new FakeControlModel(peers, LATER_MS);
  await desk.serve(next, 2);
  return next;
}

/** The keys of somebody who looks. */
class Keys extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  resume(): void {}

  pause(): void {}
}

describe("vpn-ws peers --watch", () => {
  let clock: HandClock;
  let keys: Keys;
  beforeEach(() => {
    clock = new HandClock();
    keys = new Keys();
  });

  function watch(output: OperatorScreen, options: Partial<PeersWatchOptions> = {}): void {
    const complete = {
      network: undefined,
      search: undefined,
      sort: undefined,
      intervalMs: 5,
      isJson: false,
      ...options,
    };
    const screen = new LiveScreen(output, keys, { isPlain: complete.isJson, onEnd: () => over.abort() });
    const ticking = { ...clock, nowMs: () => clock.nowMs(), after: clock.after, every: clock.every };
    running = new PeersWatch({ clock: ticking, find, output, screen, signal: over.signal }, complete)
      .run()
      .catch(ignoreEnd);
  }

  /** Lets a second pass, as both sides see it. */
  function pass(of: FakeControlModel): void {
    of.advance(1_000);
    clock.advance(1_000);
  }

  /** The last of what was drawn, line by line. */
  const drawn = (output: OperatorScreen): readonly string[] =>
    stripVTControlCharacters(output.text.split("\u001b[H").at(-1) ?? "").split("\n");

  test("draws in place, busiest first, as many as there is room for", async () => {
    const output = new OperatorScreen(80, 12);
    const { row } = [...model.fakePeers.values()].reduce((most, one) =>
      one.upBytes + one.downBytes > most.upBytes + most.downBytes ? one : most,
    );
    watch(output);
    await waitFor(
      "rates",
      () => {
        pass(model);
        return /bit\/s/.test(drawn(output)[4] ?? "") && drawn(output)[4]?.includes(row.user);
      },
      POLL,
    );
    const lines = drawn(output);
    assert.equal(lines.length, 12);
    assert.ok(lines.every((line) => line.length <= 80));
    assert.match(lines[0] ?? "", /^vpn-ws\/0\.1\.0, process 4321, serving for .*; 20 peers/);
    assert.match(lines[11] ?? "", /^… and 15 more$/);
    assert.ok(keys.isRaw);
    keys.emit("data", Buffer.from("x"));
    assert.equal(over.signal.aborted, false);
    keys.emit("data", Buffer.from("q"));
    await running;
    assert.equal(keys.isRaw, false);
    assert.ok(output.text.endsWith("\u001b[?25h\u001b[?1049l"), "the terminal is as it was");
  });

  test("goes on with another server in its place, whose counters began anew", async () => {
    const output = new OperatorScreen(80);
    watch(output);
    await waitFor("a picture", () => drawn(output).length > 4, POLL);
    desk.stop(api);
    await waitFor("the trouble", () => /^asking again: no/.test(drawn(output).at(-1) ?? ""), POLL);
    assert.match(drawn(output)[0] ?? "", /20 peers/, "what was seen last stays");
    const next = await restart(3);
    await waitFor("the other server", () => /3 peers/.test(drawn(output)[0] ?? ""), POLL);
    assert.ok(
      drawn(output)
        .slice(4)
        .every((line) => / - +- +-$/.test(line)),
    );
    await waitFor(
      "its rates",
      () => {
        pass(next);
        return drawn(output).some((line) => /bit\/s/.test(line));
      },
      POLL,
    );
  });

  test("is a table for each look, or an object, where there is no terminal", async () => {
    const [table, objects] = [new OperatorScreen(), new OperatorScreen(80)];
    watch(table, { sort: "rtt" });
    await waitFor("two tables", () => table.text.split("\n\nID").length > 2, POLL);
    over.abort();
    await running;
    over = new AbortController();
    watch(objects, { isJson: true });
    await waitFor("two objects", () => objects.lines.length > 2, POLL);
    const { server, peers } = JSON.parse(objects.lines[0] ?? "");
    assert.deepEqual([server.processId, peers.length], [4321, 22]);
    assert.ok(!(table.text + objects.text).includes("\u001b"));
  });

  test("does not begin without a server, and ends when it may look no more", async () => {
    desk.stop(api);
    const screen = new LiveScreen(new OperatorScreen(80), keys, { isPlain: false, onEnd: () => {} });
    const deps = { clock, find, output: new OperatorScreen(80), screen, signal: over.signal };
    const options = { network: undefined, search: undefined, sort: undefined, intervalMs: 5, isJson: false };
    await assert.rejects(new PeersWatch(deps, options).run(), /no server was found/);
    assert.equal(keys.isRaw, false);
  });
});

describe("vpn-ws events -f", () => {
  let seen: ControlEvent[];
  let notices: string[];
  beforeEach(() => {
    [seen, notices] = [[], []];
  });

  function follow(lastId: number, instance = "fake-1764000000000"): void {
    const deps = {
      find,
      signal: over.signal,
      onEvent: (event: ControlEvent) => void seen.push(event),
      onNotice: (text: string) => void notices.push(text),
    };
    running = new EventFollower(deps, { instance, lastId }, { retryMs: 5 }).follow().catch(ignoreEnd);
  }

  const ids = (): number[] => seen.map(({ id }) => id);
  const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

  test("sees what happens, and all that happened since", async () => {
    follow(17);
    await waitFor("the past", () => seen.length === 3, POLL);
    model.join();
    await waitFor("a join", () => seen.at(-1)?.event === "peer.joined" && seen.length === 4, POLL);
    assert.deepEqual(ids(), [18, 19, 20, 21]);
  });

  test("loses nothing and sees nothing twice when the connection breaks", async () => {
    follow(0);
    for (let round = 0; round < 5; round++) {
      await waitFor("all", () => seen.length === model.events.lastId, POLL);
      desk.stop(api);
      model.join();
      api = await desk.serve(model);
      model.join();
    }
    await waitFor("all", () => seen.length === model.events.lastId, POLL);
    assert.deepEqual(ids(), upTo(30));
  });

  test("begins with the first event of a server that was restarted", async () => {
    follow(20);
    await restart(25);
    await waitFor("the other's", () => seen.length === 25, POLL);
    assert.deepEqual(ids(), upTo(25));
    assert.match(notices.join(), /does not answer.*the server was restarted/);
  });

  test("says how many are lost that nobody kept", async () => {
    for (let count = 0; count < 2_100; count++) model.events.publish("info", "test", "one of many", {});
    follow(20);
    await waitFor("what was kept", () => seen.length === 2_000, POLL);
    assert.deepEqual(notices, ["100 events are lost: the server does not keep more"]);
  });
});
