import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { NewToken } from "../../../src/access/token-store.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { TokenFile } from "../../../src/state/token-file.ts";
import { HandClock } from "../../hand-clock.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-token-file-"));
  path = join(directory, "tokens.json");
});
afterEach(() => rmSync(directory, { recursive: true }));

const NEW: NewToken = {
  user: "ann",
  kind: "token",
  network: undefined,
  groups: [],
  expiresMs: undefined,
  usesLeft: undefined,
};

function open(clock = new HandClock()): TokenFile {
  return new TokenFile({ clock, nowUnixMs: () => 1_800_000_000_000 }, path);
}

const isInvalid = (error: unknown): boolean => error instanceof ConfigError && error.code === "TOKENS_INVALID";

describe("TokenFile", () => {
  test("is JSON with a version, readable by its owner only, and never holds a secret", async () => {
    const { record, secret } = await open().create({ ...NEW, network: "lab", usesLeft: 1 });
    const text = readFileSync(path, "utf8");
    const { id, hash, user, kind, groups, createdMs } = record;
    const token = { user, kind, network: "lab", groups, usesLeft: 1, id, hash, createdMs };
    assert.deepEqual(JSON.parse(text), { version: 1, tokens: [token] });
    assert.ok(!text.includes(secret.slice(6)));
    assert.equal(statSync(path).mode & 0o7777, 0o600);
    assert.deepEqual(readdirSync(directory), ["tokens.json"]);
  });

  test("what another process changes is seen: at once by who logs in, within 100 ms by who is connected", async () => {
    const clock = new HandClock();
    const [one, other] = [open(clock), open()];
    const { record } = await other.create(NEW);
    assert.deepEqual(one.find(record.hash), record);
    await other.revoke({ id: record.id });
    assert.equal(one.findById(record.id)?.revokedMs, undefined);
    clock.advance(100);
    assert.equal(one.findById(record.id)?.revokedMs, 1_800_000_000_000);
    await other.create(NEW);
    assert.equal(one.list().length, 2);
    rmSync(path);
    assert.equal(one.find(record.hash), undefined);
  });

  test("a change starts from what the file holds, not from what was read before", async () => {
    const [one, other] = [open(), open()];
    await one.create(NEW);
    await other.create(NEW);
    await one.create(NEW);
    assert.equal(open().list().length, 3);
  });

  test("what changes nothing writes nothing", async () => {
    const file = open();
    await file.create(NEW);
    const before = statSync(path).ino;
    await file.revoke({ user: "bob" });
    await file.use("00000000");
    assert.equal(statSync(path).ino, before);
  });

  test("a damaged file is an error with its path, is never overwritten, and its words are not quoted", async () => {
    const record = { id: "0000000a", hash: "0".repeat(64), user: "ann", kind: "token", groups: [], createdMs: 1 };
    const fileOf = (...tokens: unknown[]): string => JSON.stringify({ version: 1, tokens });
    const texts = [
      "hunter2",
      "",
      "[]",
      JSON.stringify({ version: 2, tokens: [] }),
      fileOf({ ...record, hash: "hunter2" }),
      fileOf({ ...record, user: "" }),
      fileOf({ ...record, hunter2: true }),
      fileOf({ ...record, usesLeft: -1 }),
      fileOf(record, record),
    ];
    for (const text of texts) {
      rmSync(path, { force: true });
      const file = open();
      writeFileSync(path, text);
      assert.throws(open, (error) => {
        assert.ok(isInvalid(error) && error instanceof Error);
        assert.ok(error.message.startsWith(path), error.message);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
      assert.throws(() => file.find("0".repeat(64)), isInvalid);
      await assert.rejects(file.create(NEW), isInvalid);
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });

  test("peers that are connected are judged by what stood in it before it was damaged", async () => {
    const clock = new HandClock();
    const file = open(clock);
    const { record } = await file.create(NEW);
    writeFileSync(path, "damaged");
    clock.advance(100);
    assert.deepEqual(file.findById(record.id), record);
  });

  test("root writes for the owner of the directory", { skip: process.geteuid?.() !== 0 }, async () => {
    chownSync(directory, 1234, 1235);
    await open().create(NEW);
    const { uid, gid, mode } = statSync(path);
    assert.deepEqual([uid, gid, mode & 0o7777], [1234, 1235, 0o600]);
  });

  test("a file that may not be read is an error that says so", () => {
    writeFileSync(path, "{}");
    chmodSync(path, 0);
    chmodSync(directory, 0o755);
    const isRoot = process.geteuid?.() === 0;
    // Nothing is forbidden to root.
    if (isRoot) process.seteuid?.(1234);
    try {
      assert.throws(() => open(), { code: "TOKENS_UNREADABLE" });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test("of two processes with one last use, exactly one gets it", async () => {
    const file = open();
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push((await file.create({ ...NEW, usesLeft: 1 })).record.id);
    const program = `
      import { systemClock } from "./src/base/clock.ts";
      import { TokenFile } from "./src/state/token-file.ts";
      const file = new TokenFile({ clock: systemClock, nowUnixMs: () => 0 }, ${JSON.stringify(path)});
      process.stdout.write("ready");
      process.stdin.once("data", async () => {
        const taken = [];
        for (const id of ${JSON.stringify(ids)}) if (await file.use(id)) taken.push(id);
        process.stdout.write(JSON.stringify(taken));
        process.stdin.destroy();
      });`;
    const argv = ["--import", "tsx", "--input-type=module", "--eval", program];
    const children = [1, 2].map(() =>
      spawn(process.execPath, argv, { cwd: PROJECT_ROOT, stdio: ["pipe", "pipe", "inherit"] }),
    );
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    const answers = children.map(restOf);
    for (const child of children) child.stdin.write("go\n");
    const taken: string[][] = (await Promise.all(answers)).map((text) => JSON.parse(text));
    assert.deepEqual(taken.flat().sort(), [...ids].sort(), taken.map(({ length }) => length).join("+"));
    assert.ok(file.list().every(({ usesLeft }) => usesLeft === 0));
  });
});

async function restOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", (bytes) => {
    text += bytes;
  });
  await once(child, "close");
  return text;
}
