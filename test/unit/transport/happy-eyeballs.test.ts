import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { type Address, connectFirst, interleaveFamilies } from "../../../src/transport/happy-eyeballs.ts";
import { HandClock } from "../../hand-clock.ts";

/** Listens, accepts nothing, and its short backlog is soon full: further connections hang as behind a firewall. */
const BLACK_HOLE = `const server = require("net").createServer().listen({ host: "127.0.0.2", port: PORT, backlog: 1 }, () => {
  require("fs").writeSync(1, "up");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
})`;

describe("happy eyeballs", () => {
  const DEAD = { address: "127.0.0.2", family: 6 };
  const ALIVE = { address: "127.0.0.1", family: 4 };
  const REFUSING = { address: "127.0.0.3", family: 4 };
  const never = new AbortController().signal;
  const sockets: Socket[] = [];
  let server: Server;
  let port: number;
  let blackHole: ReturnType<typeof spawn>;

  before(async () => {
    server = createServer((socket) => sockets.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    blackHole = spawn(process.execPath, ["-e", BLACK_HOLE.replace("PORT", String(port))], { stdio: "pipe" });
    assert.ok(blackHole.stdout !== null);
    await once(blackHole.stdout, "data");
    const fillers = Array.from({ length: 8 }, () => connect(port, "127.0.0.2").on("error", () => {}));
    sockets.push(...fillers);
    await waitFor("a full backlog", () => fillers.filter(({ connecting }) => !connecting).length >= 2);
  });
  after(() => {
    blackHole.kill("SIGKILL");
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const dial = (clock: HandClock, addresses: readonly Address[], signal = never): Promise<Socket> =>
    connectFirst(
      clock,
      async () => addresses,
      signal,
      (host, called) => connect({ host, port, signal: called }),
    );

  test("takes the families in turn, the resolver's favourite first", () => {
    const of = (family: number, ...names: string[]) => names.map((address) => ({ address, family }));
    const all = [...of(6, "a", "b", "c"), ...of(4, "x", "y")];
    assert.deepEqual(interleaveFamilies(all), ["a", "x", "b", "y", "c"]);
    assert.deepEqual(interleaveFamilies([...of(4, "x"), ...of(6, "a", "b")]), ["x", "a", "b"]);
    assert.deepEqual(interleaveFamilies([]), []);
  });

  test("tries the next address after 250 ms, and gives up none before one has answered", async () => {
    const clock = new HandClock();
    const dialing = dial(clock, [DEAD, DEAD, ALIVE]);
    for (const timersSet of [1, 2]) {
      await waitFor("the next attempt", () => clock.timersSet === timersSet, { pollMs: 1 });
      clock.advance(250);
    }
    const socket = await dialing;
    sockets.push(socket);
    assert.equal(socket.remoteAddress, ALIVE.address);
    assert.equal(clock.timers, 0);
  });

  test("tries the next address at once if one refuses", async () => {
    const clock = new HandClock();
    const socket = await dial(clock, [REFUSING, ALIVE]);
    sockets.push(socket);
    assert.deepEqual([socket.remoteAddress, clock.timers], [ALIVE.address, 0]);
  });

  test("rejects with what went wrong with each address", async () => {
    const isRefused = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
    await assert.rejects(dial(new HandClock(), [REFUSING]), isRefused);
    await assert.rejects(dial(new HandClock(), [REFUSING, REFUSING]), (error) => {
      assert.ok(error instanceof AggregateError);
      assert.deepEqual(error.errors.map(isRefused), [true, true]);
      return true;
    });
  });

  test("can be called off, and leaves no timer", async () => {
    const clock = new HandClock();
    const abort = new AbortController();
    const dialing = dial(clock, [DEAD, ALIVE], abort.signal);
    await waitFor("the first attempt", () => clock.timersSet === 1, { pollMs: 1 });
    abort.abort();
    await assert.rejects(dialing, { name: "AbortError" });
    assert.equal(clock.timers, 0);
    await assert.rejects(dial(clock, [ALIVE], AbortSignal.abort()), { name: "AbortError" });
  });
});
