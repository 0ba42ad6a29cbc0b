import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { waitFor } from "../../../lab/wait.ts";
import {
  PASSWORD_CHECKER_DEFAULTS,
  PasswordChecker,
  type PasswordVerdict,
} from "../../../src/access/password-checker.ts";
import { startPasswordWorker } from "../../../src/access/password-thread.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

const BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/** "password". */
const SHA1 = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

const ADDRESS = "192.0.2.1";

let checkers: PasswordChecker[] = [];
afterEach(async () => {
  await Promise.all(checkers.map((checker) => checker.close()));
  checkers = [];
});

function make(program?: string, options: Partial<typeof PASSWORD_CHECKER_DEFAULTS> = {}) {
  const log = new RecordingLog();
  const clock = new HandClock();
  const workers: Worker[] = [];
  const startWorker = (): Worker => {
    const worker = program === undefined ? startPasswordWorker() : new Worker(program, { eval: true, execArgv: [] });
    workers.push(worker);
    return worker;
  };
  const checker = new PasswordChecker({ clock, log, startWorker }, { ...PASSWORD_CHECKER_DEFAULTS, ...options });
  checkers.push(checker);
  return { checker, clock, log, workers };
}

const SILENT = 'require("node:worker_threads").parentPort.on("message", () => {});';
const FAILING =
  'require("node:worker_threads").parentPort.on("message", ({ password }) => { throw Error(password); });';

describe("PasswordChecker", () => {
  test("checks in one thread, one after the other", async () => {
    const { checker, workers, clock } = make();
    const verdicts = await Promise.all([
      checker.verify(BCRYPT, "U*U", ADDRESS),
      checker.verify(BCRYPT, "U*U*", ADDRESS),
      checker.verify(SHA1, "password", ADDRESS),
      checker.verify(SHA1, "Password", ADDRESS),
    ]);
    assert.deepEqual(verdicts, ["match", "mismatch", "match", "mismatch"]);
    assert.equal(workers.length, 1);
    assert.equal(clock.timers, 0);
  });

  test("the main thread goes on while a check runs", async () => {
    const { checker } = make();
    let turns = 0;
    const verdict = checker.verify(BCRYPT.replace("$05$", "$12$"), "U*U", ADDRESS);
    let isDone = false;
    void verdict.then(() => {
      isDone = true;
    });
    while (!isDone) {
      turns++;
      await new Promise(setImmediate);
    }
    assert.equal(await verdict, "mismatch");
    assert.ok(turns > 20, `${turns} turns of the loop`);
  });

  test("a full queue is unavailable at once, and those in it are answered", async () => {
    const { checker } = make(undefined, { maxWaiting: 2 });
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => checker.verify(SHA1, "password", ADDRESS)));
    assert.deepEqual(verdicts, ["match", "match", "match", "unavailable", "unavailable"]);
  });

  test("one address has a few places in the queue, those that nobody knows have them all", async () => {
    const { checker } = make(SILENT, { maxWaiting: 8, maxWaitingPerAddress: 2 });
    const verdicts: string[] = [];
    const verify = (address: string): void => {
      void checker.verify(SHA1, "password", address).then((verdict) => verdicts.push(`${address} ${verdict}`));
    };
    // The first one runs.
    for (const host of [1, 2, 3, 4]) verify(`2001:db8::${host}`);
    for (const address of ["2001:db8:0:1::1", "", "", "", "", "", ""]) verify(address);
    await new Promise(setImmediate);
    assert.deepEqual(verdicts, ["2001:db8::4 unavailable", " unavailable"]);
  });

  test("who waits too long is unavailable; a thread that is stuck is ended, and the next check has another", async () => {
    const { checker, clock, log, workers } = make(SILENT);
    const settled: PasswordVerdict[] = [];
    const running = checker.verify(SHA1, "one", ADDRESS).then((verdict) => settled.push(verdict));
    const waiting = checker.verify(SHA1, "two", ADDRESS).then((verdict) => settled.push(verdict));
    clock.advance(4000);
    await waiting;
    assert.deepEqual(settled, ["unavailable"]);
    clock.advance(4000);
    await running;
    assert.equal(log.of("passwords.stuck").length, 1);
    void checker.verify(SHA1, "three", ADDRESS);
    assert.equal(workers.length, 2);
    await waitFor("the end of the stuck thread", () => workers[0]?.threadId === -1);
  });

  test("a thread that fails is unavailable, is started anew, and its words are not logged", async () => {
    const { checker, log, workers } = make(FAILING);
    assert.equal(await checker.verify(SHA1, "hunter2", ADDRESS), "unavailable");
    assert.equal(await checker.verify(SHA1, "hunter2", ADDRESS), "unavailable");
    assert.equal(workers.length, 2);
    assert.equal(log.of("passwords.failed").length, 2);
    assert.doesNotMatch(log.text, /hunter2/);
  });

  test("close ends the thread; what is under way and what comes later is unavailable", async () => {
    const { checker, workers, clock } = make(SILENT);
    const verdicts = [checker.verify(SHA1, "one", ADDRESS), checker.verify(SHA1, "two", ADDRESS)];
    await checker.close();
    await checker.close();
    assert.deepEqual(await Promise.all(verdicts), ["unavailable", "unavailable"]);
    assert.equal(await checker.verify(SHA1, "three", ADDRESS), "unavailable");
    assert.equal(workers[0]?.threadId, -1);
    assert.equal(clock.timers, 0);
  });

  test("a thread without work keeps no process alive, one that works does", () => {
    const program = `
      import { PasswordChecker } from "./src/access/password-checker.ts";
      import { startPasswordWorker } from "./src/access/password-thread.ts";
      import { systemClock } from "./src/base/clock.ts";
      import { silentLogger } from "./src/base/logger.ts";
      const checker = new PasswordChecker({ clock: systemClock, log: silentLogger, startWorker: startPasswordWorker });
      console.log(await checker.verify(${JSON.stringify(BCRYPT)}, "U*U", ""));`;
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", program],
      { cwd: join(PROJECT_ROOT), encoding: "utf8", timeout: 30_000 },
    );
    assert.equal(stdout, "match\n", stderr);
    assert.equal(status, 0);
  });

  test("works with the real clock as well", async () => {
    const checker = new PasswordChecker({
      clock: systemClock,
      log: new RecordingLog(),
      startWorker: startPasswordWorker,
    });
    checkers.push(checker);
    assert.equal(await checker.verify(SHA1, "password", ADDRESS), "match");
  });
});
