import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { withFileLock } from "../../../src/state/file-lock.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-lock-"));
  path = join(directory, "file");
});
afterEach(() => rmSync(directory, { recursive: true }));

const NAMESPACE = readlinkSync("/proc/self/ns/pid");

/** The number of a process that has ended, and been waited for. */
async function endedPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid as number;
}

const isHeld = (error: unknown): boolean => error instanceof ConfigError && error.code === "LOCK_HELD";

describe("withFileLock", () => {
  test("one works at a time, each gets its result, and nothing is left", async () => {
    let working = 0;
    const work = async (): Promise<number> => {
      assert.equal(++working, 1);
      await new Promise(setImmediate);
      return working--;
    };
    assert.deepEqual(await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, work))), [1, 1, 1, 1, 1]);
    assert.deepEqual(readdirSync(directory), []);
  });

  test("the lock is given back when the work fails", async () => {
    await assert.rejects(
      withFileLock(path, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await withFileLock(path, async () => 1, 0), 1);
  });

  test("who waits in vain is told by whom it is held, and what to do", async () => {
    await withFileLock(path, async () => {
      await assert.rejects(withFileLock(path, assert.fail, 2), (error) => {
        assert.ok(isHeld(error) && error instanceof ConfigError);
        assert.equal(error.message, `${path} is locked by process ${process.pid}.`);
        assert.match(error.hint ?? "", /rm -f .*file\.lock/);
        return true;
      });
    });
  });

  test("the lock of a process that is gone is broken, also if its number is another's by now", async () => {
    for (const owner of [`${await endedPid()}:1:${NAMESPACE}`, `${process.pid}:1:${NAMESPACE}`]) {
      symlinkSync(owner, `${path}.lock`);
      assert.equal(await withFileLock(path, async () => 1, 0), 1, owner);
      assert.deepEqual(readdirSync(directory), []);
    }
  });

  test("a lock of another container, and what is no lock of ours, stays", async () => {
    symlinkSync(`${await endedPid()}:1:pid:[1]`, `${path}.lock`);
    await assert.rejects(withFileLock(path, assert.fail, 1), isHeld);
    rmSync(`${path}.lock`);
    writeFileSync(`${path}.lock`, "");
    await assert.rejects(withFileLock(path, assert.fail, 1), isHeld);
  });

  test("while somebody else breaks a lock, one waits", async () => {
    symlinkSync(`${await endedPid()}:1:${NAMESPACE}`, `${path}.lock`);
    symlinkSync("somebody", `${path}.lock.break`);
    await assert.rejects(withFileLock(path, assert.fail, 1), isHeld);
  });

  test("a lock that somebody took away by hand, and another has now, is not given back for them", async () => {
    await withFileLock(path, async () => {
      rmSync(`${path}.lock`);
      symlinkSync("another", `${path}.lock`);
    });
    assert.equal(readlinkSync(`${path}.lock`), "another");
  });

  test("a directory that is not there is an error", async () => {
    await assert.rejects(withFileLock(join(directory, "none", "file"), assert.fail), { code: "LOCK_FAILED" });
  });

  test("processes that count in one file, over the lock of a dead one, lose nothing", async () => {
    const program = `
      import { readFileSync, writeFileSync } from "node:fs";
      import { withFileLock } from "./src/state/file-lock.ts";
      const path = ${JSON.stringify(path)};
      for (let i = 0; i < 100; i++) {
        await withFileLock(path, async () => {
          const count = Number(readFileSync(path, "utf8"));
          await new Promise(setImmediate);
          writeFileSync(path, String(count + 1));
        });
      }`;
    writeFileSync(path, "0");
    symlinkSync(`${await endedPid()}:1:${NAMESPACE}`, `${path}.lock`);
    const argv = ["--import", "tsx", "--input-type=module", "--eval", program];
    const children = [1, 2, 3].map(() => spawn(process.execPath, argv, { cwd: PROJECT_ROOT, stdio: "inherit" }));
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(readFileSync(path, "utf8"), "300");
  });
});
