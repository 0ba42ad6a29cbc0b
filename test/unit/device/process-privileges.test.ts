import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:os";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { isSystemFault, loadAddon } from "../../../src/device/addon.ts";
import { readThreadPrivileges } from "../../../src/device/process-privileges.ts";

const { EINVAL } = constants.errno;
const PR_GET_DUMPABLE = 3;
const NO_SUCH_PRCTL = 0x7fff_ffff;
const { prctlThreads, capsetThreads } = loadAddon();

const isRefusal = (syscall: string, errno: number) => (error: unknown) =>
  isSystemFault(error) && error.syscall === syscall && error.errno === errno;

describe("every thread's privileges", () => {
  test("are read from /proc, the main thread's first", async () => {
    const worker = new Worker("setInterval(() => {}, 1_000_000)", { eval: true });
    await once(worker, "online");
    const threads = readThreadPrivileges();
    await worker.terminate();
    assert.equal(threads[0]?.thread, process.pid);
    assert.ok(threads.length > 2);
    for (const { permitted, effective, bounding } of threads) {
      assert.equal(effective & ~permitted, 0n);
      assert.equal(permitted, threads[0]?.permitted);
      assert.equal(typeof bounding, "bigint");
    }
  });

  test("are changed by pairs of numbers, at most 64, and nothing else", () => {
    assert.throws(() => prctlThreads(new Uint32Array(1)), isRefusal("prctl", EINVAL));
    assert.throws(() => prctlThreads(new Uint32Array(2 * 65)), isRefusal("prctl", EINVAL));
    assert.throws(() => prctlThreads([38, 1] as unknown as Uint32Array), TypeError);
    assert.throws(() => capsetThreads("0" as unknown as number, 0), TypeError);
    prctlThreads(new Uint32Array(0));
  });

  test("are left alone when the kernel refuses the first of them", () => {
    const before = readThreadPrivileges();
    assert.throws(() => prctlThreads(Uint32Array.of(NO_SUCH_PRCTL, 0)), isRefusal("prctl", EINVAL));
    assert.deepEqual(readThreadPrivileges(), before);
  });

  test("can be reached while threads are busy, again and again", async () => {
    const busy = "const { readFileSync } = require('node:fs'); for (;;) readFileSync('/proc/self/status');";
    const waiting = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);";
    const workers = [busy, waiting].map((script) => new Worker(script, { eval: true }));
    await Promise.all(workers.map((worker) => once(worker, "online")));
    for (let i = 0; i < 50; i++) prctlThreads(Uint32Array.of(PR_GET_DUMPABLE, 0));
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});
