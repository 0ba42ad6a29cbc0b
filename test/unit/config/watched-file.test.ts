import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { ConfigError, describeError } from "../../../src/base/errors.ts";
import { WatchedFile } from "../../../src/config/watched-file.ts";
import { HandClock } from "../../hand-clock.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-watched-"));
  path = join(directory, "file");
});
afterEach(() => rmSync(directory, { recursive: true }));

const POLL_MS = 250;

/** A watched number; everything else is a fault. */
function watch() {
  const clock = new HandClock();
  const changes: number[] = [];
  const errors: string[] = [];
  let parsed = 0;
  const parse = (bytes: Buffer): number => {
    parsed++;
    if (!/^\d+\n$/.test(bytes.toString())) throw new ConfigError("NO_NUMBER", `${path} is no number.`);
    return Number(bytes);
  };
  const file = new WatchedFile(
    { clock, onError: (error) => errors.push(describeError(error).replace(directory, "")) },
    { path, parse },
  );
  file.onChange((value) => changes.push(value));
  return { clock, file, changes, errors, parsed: () => parsed };
}

/** As editors do: a new file in the old one's place. */
function replace(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

describe("WatchedFile", () => {
  test("a file that is missing, no file, or no good at the start is an error", () => {
    assert.throws(() => watch(), {
      code: "FILE_UNREADABLE",
      message: `cannot read ${path}: no such file or directory.`,
    });
    writeFileSync(path, "one\n");
    assert.throws(() => watch(), { code: "NO_NUMBER" });
    rmSync(path);
    mkdirSync(path);
    assert.throws(() => watch(), { code: "FILE_UNREADABLE", message: `cannot read ${path}: it is not a file.` });
  });

  test("a change in place and a file in its place are seen at the next look, each once", () => {
    writeFileSync(path, "1\n");
    const { clock, file, changes } = watch();
    assert.equal(file.current(), 1);
    writeFileSync(path, "2\n");
    assert.equal(file.current(), 1);
    clock.advance(POLL_MS);
    assert.equal(file.current(), 2);
    replace("3\n");
    clock.advance(10 * POLL_MS);
    assert.equal(file.current(), 3);
    assert.deepEqual(changes, [2, 3]);
  });

  test("a link that points elsewhere is a change, also to an older file", () => {
    for (const name of ["1", "2"]) {
      writeFileSync(join(directory, name), `${name}\n`);
      utimesSync(join(directory, name), 1000, 3000 - 1000 * Number(name));
    }
    symlinkSync("1", path);
    const { clock, file } = watch();
    symlinkSync("2", `${path}.new`);
    renameSync(`${path}.new`, path);
    clock.advance(POLL_MS);
    assert.equal(file.current(), 2);
  });

  test("the same content is no change, and is not parsed again", () => {
    writeFileSync(path, "1\n");
    const { clock, changes, parsed } = watch();
    replace("1\n");
    clock.advance(POLL_MS);
    utimesSync(path, 1000, 1000);
    chmodSync(path, 0o600);
    clock.advance(10 * POLL_MS);
    assert.deepEqual(changes, []);
    assert.equal(parsed(), 1);
  });

  test("the last good content stays while the file is no good; each fault is told once", () => {
    writeFileSync(path, "1\n");
    const { clock, file, changes, errors } = watch();
    replace("one\n");
    clock.advance(10 * POLL_MS);
    replace("uno\n");
    clock.advance(10 * POLL_MS);
    rmSync(path);
    clock.advance(10 * POLL_MS);
    assert.equal(file.current(), 1);
    assert.deepEqual(errors, [
      "/file is no number.",
      "/file is no number.",
      "cannot read /file: no such file or directory.",
    ]);
    replace("2\n");
    clock.advance(POLL_MS);
    assert.deepEqual(changes, [2]);
    assert.equal(errors.length, 3);
  });

  test("what was good before a fault is a value again after it", () => {
    writeFileSync(path, "1\n");
    const { clock, file } = watch();
    rmSync(path);
    clock.advance(POLL_MS);
    replace("1\n");
    clock.advance(POLL_MS);
    assert.equal(file.current(), 1);
  });

  test("a reload reads at once, and tells of a fault again", () => {
    writeFileSync(path, "1\n");
    const { clock, file, changes, errors } = watch();
    file.reload();
    assert.deepEqual(changes, []);
    replace("2\n");
    file.reload();
    assert.deepEqual(changes, [2]);
    replace("two\n");
    for (let i = 0; i < 2; i++) file.reload();
    clock.advance(10 * POLL_MS);
    assert.equal(errors.length, 2);
    assert.equal(file.current(), 2);
  });

  test("after close, and for who no longer listens, nothing happens", () => {
    writeFileSync(path, "1\n");
    const { clock, file, changes } = watch();
    const others: number[] = [];
    file.onChange((value) => others.push(value))();
    replace("2\n");
    clock.advance(POLL_MS);
    assert.deepEqual([changes, others], [[2], []]);
    file.close();
    file.close();
    assert.equal(clock.timers, 0);
    replace("3\n");
    clock.advance(10 * POLL_MS);
    assert.deepEqual(changes, [2]);
  });
});
