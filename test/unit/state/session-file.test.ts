import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import type { KeptSession } from "../../../src/access/session-store.ts";
import { SessionFile } from "../../../src/state/session-file.ts";
import { StateDirectory } from "../../../src/state/state-directory.ts";
import { RecordingLog } from "../../recording-log.ts";

const HASH = "A".repeat(43);
const LOCAL: KeptSession = { hash: HASH, login: { kind: "local", uid: 0 }, endsMs: 2_000, seenMs: 1_000 };
const ADA: KeptSession = {
  hash: "b".repeat(43),
  login: {
    kind: "identity",
    identity: {
      user: "ada",
      groups: ["staff"],
      method: "htpasswd",
      network: undefined,
      expiresMs: undefined,
      credentialId: "c",
    },
  },
  endsMs: 4_000,
  seenMs: 3_000,
};

describe("the file of logins", () => {
  let directory: string;
  let path: string;
  let log: RecordingLog;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-logins-"));
    path = join(directory, "sessions.json");
    log = new RecordingLog();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (): SessionFile => new SessionFile(log, StateDirectory.open(directory));
  const write = (text: string, mode = 0o600): void => writeFileSync(path, text, { mode });

  test("gives the next process what it kept, and is nobody else's to read", async () => {
    await open().keep([LOCAL, ADA]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(open().load(), [LOCAL, ADA]);
    assert.deepEqual(readdirSync(directory), ["sessions.json"]);
    assert.equal(log.text, "");
  });

  test("that is not there is an empty one", () => {
    assert.deepEqual(open().load(), []);
    assert.equal(log.text, "");
  });

  test("holds what was kept last, however fast", async () => {
    const sessions = open();
    const all = [LOCAL, ADA].map((one) => sessions.keep([one]));
    await Promise.all([...all, sessions.keep([]), sessions.keep([ADA])]);
    assert.deepEqual(open().load(), [ADA]);
    await sessions.keep([LOCAL]);
    assert.deepEqual(open().load(), [LOCAL]);
  });

  const good = JSON.stringify({ version: 1, sessions: [LOCAL] });
  const change = (more: object): string => JSON.stringify({ version: 1, sessions: [{ ...LOCAL, ...more }] });
  const asMethod = (method: string): object => {
    return { login: { kind: "identity", identity: { user: "ada", groups: [], method, credentialId: "c" } } };
  };
  const broken: Readonly<Record<string, () => void>> = {
    "is empty": () => write(""),
    "was cut": () => write(good.slice(0, -9)),
    "is another version's": () => write(good.replace("1", "2")),
    "is something else": () => write("[]"),
    "says more than we do": () => write(change({ role: "admin" })),
    "has a secret in place of a hash": () => write(change({ hash: "s3cret" })),
    "knows somebody by a web server's word": () => write(change(asMethod("web-server"))),
    "knows nobody": () => write(change(asMethod("anonymous"))),
    "has too many": () => write(JSON.stringify({ version: 1, sessions: Array.from({ length: 257 }, () => LOCAL) })),
    "is too large": () => write(good + " ".repeat(4 * 1024 * 1024)),
    "others can read": () => {
      write(good);
      chmodSync(path, 0o640);
    },
    "is a link": () => {
      writeFileSync(join(directory, "other"), good, { mode: 0o600 });
      symlinkSync("other", path);
    },
  };
  for (const [what, make] of Object.entries(broken)) {
    test(`that ${what} lets nobody in, is told of and removed`, async () => {
      make();
      assert.deepEqual(open().load(), []);
      assert.match(log.text, /control\.sessions-refused.*log in again/);
      assert.doesNotMatch(log.text, /s3cret/);
      assert.ok(!existsSync(path));
      await open().keep([ADA]);
      assert.deepEqual(open().load(), [ADA]);
    });
  }

  test("is the same or nothing, whatever a byte of it becomes", () => {
    const bytes = Buffer.from(good);
    const edits = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(edits, ([at, byte]) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        writeFileSync(path, changed, { mode: 0o600 });
        assert.ok(open().load().length <= 1);
      }),
      { numRuns: 200 },
    );
  });

  test("that cannot be written is told of once, and nobody is left in it", async () => {
    const sessions = open();
    await sessions.keep([LOCAL]);
    // A directory in the place of the file, which no file replaces.
    rmSync(path);
    mkdirSync(path);
    await sessions.keep([ADA]);
    await sessions.keep([LOCAL]);
    assert.equal(log.text.match(/control\.sessions-unkept/g)?.length, 1);
    assert.deepEqual(open().load(), []);
    rmSync(path, { recursive: true });
    await sessions.keep([ADA]);
    assert.match(readFileSync(path, "utf8"), /ada/);
  });
});
