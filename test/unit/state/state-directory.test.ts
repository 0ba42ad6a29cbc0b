import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { StateDirectory } from "../../../src/state/state-directory.ts";

const isRoot = process.geteuid?.() === 0;
let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vpn-ws-state-"));
  path = join(root, "lib", "vpn-ws");
});
afterEach(() => rmSync(root, { recursive: true }));

describe("StateDirectory", () => {
  test("is made with mode 0700, and taken as it is if it is there", () => {
    assert.equal(StateDirectory.find(path), undefined);
    const directory = StateDirectory.open(path);
    assert.equal(statSync(path).mode & 0o7777, 0o700);
    writeFileSync(directory.file("tokens.json"), "");
    assert.equal(StateDirectory.open(path).file("tokens.json"), join(path, "tokens.json"));
    assert.equal(StateDirectory.find(path)?.path, path);
  });

  test("one that others may read, write or enter is refused, with what to do", () => {
    StateDirectory.open(path);
    for (const mode of [0o755, 0o750, 0o701, 0o720]) {
      chmodSync(path, mode);
      assert.throws(() => StateDirectory.open(path), { code: "STATE_DIR_OPEN", hint: /chmod 700/ });
      assert.throws(() => StateDirectory.find(path), { code: "STATE_DIR_OPEN" });
    }
  });

  test("what is no directory, or cannot be made, is refused", () => {
    writeFileSync(join(root, "file"), "");
    assert.throws(() => StateDirectory.open(join(root, "file")), { code: "STATE_DIR_FAILED" });
    assert.throws(() => StateDirectory.find(join(root, "file")), { code: "STATE_DIR_FAILED" });
    assert.throws(() => StateDirectory.open(join(root, "file", "x")), { code: "STATE_DIR_FAILED" });
  });

  test("of another user is refused to a server that stays who it is, with what to do", { skip: !isRoot }, () => {
    const directory = StateDirectory.open(path);
    directory.checkOwner();
    directory.giveTo(1234, 1235);
    assert.throws(() => directory.checkOwner(), { code: "STATE_DIR_FOREIGN", hint: /--uid .*chown -R root / });
  });

  test("is handed to a user with root's files in it, but not with what links lead to", { skip: !isRoot }, () => {
    const directory = StateDirectory.open(path);
    const outside = join(root, "outside");
    for (const file of [outside, directory.file("tokens.json"), directory.file("theirs")]) writeFileSync(file, "");
    chownSync(directory.file("theirs"), 77, 77);
    symlinkSync(outside, directory.file("soft"));
    linkSync(outside, directory.file("hard"));
    mkdirSync(directory.file("folder"));
    directory.giveTo(1234, 1235);
    const ownerOf = (file: string): number[] => [lstatSync(file).uid, lstatSync(file).gid];
    assert.deepEqual(ownerOf(path), [1234, 1235]);
    assert.deepEqual(ownerOf(directory.file("tokens.json")), [1234, 1235]);
    assert.deepEqual(ownerOf(directory.file("theirs")), [77, 77]);
    assert.deepEqual(ownerOf(outside), [0, 0]);
    assert.equal(StateDirectory.open(path).path, path, "root may work in it");
  });
});
