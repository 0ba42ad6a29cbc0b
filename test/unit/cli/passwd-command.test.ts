import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";
import { parseHtpasswd } from "../../../src/access/htpasswd.ts";
import { verifyPassword } from "../../../src/access/password-hash.ts";
import { readNewPassword } from "../../../src/cli/read-password.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-passwd-"));
  path = join(directory, "htpasswd");
});
afterEach(() => rmSync(directory, { recursive: true }));

const PROGRAM = `
  import { passwdCommand } from "./src/cli/passwd-command.ts";
  import { runToExit } from "./src/cli/process-life.ts";
  await runToExit("vpn-ws", async () => void (await passwdCommand().parseAsync(process.argv.slice(1), { from: "user" })));`;

/** In a process of its own, because the password comes from standard input. */
function passwd(input: string, ...words: string[]) {
  const argv = ["--import", "tsx", "--input-type=module", "--eval", PROGRAM, "--", ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: PROJECT_ROOT, input, encoding: "utf8" });
  return { status, stdout, stderr };
}

const SHA = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

describe("vpn-ws passwd", () => {
  test("makes a file that others cannot read, with bcrypt in it, and says so", () => {
    const said = passwd("correct horse\nsecond line\n", path, "ann");
    assert.deepEqual(said, { status: 0, stdout: "", stderr: `The password of ann is set in ${path}.\n` });
    const hash = parseHtpasswd(readFileSync(path, "utf8"), path).get("ann") ?? "";
    assert.match(hash, /^\$2b\$12\$/);
    assert.ok(verifyPassword(hash, "correct horse"));
    assert.equal(statSync(path).mode & 0o7777, 0o640);
    assert.deepEqual(readdirSync(directory), ["htpasswd"]);
  });

  test("keeps everything else of a file: other lines, mode, owner, and a link that leads to it", () => {
    writeFileSync(path, `# people\nann:${SHA}\nbob:${SHA}\n`);
    chmodSync(path, 0o604);
    if (process.geteuid?.() === 0) chownSync(path, 1234, 1235);
    const { uid, gid } = statSync(path);
    const link = join(directory, "link");
    symlinkSync("htpasswd", link);
    assert.equal(passwd("correct horse", link, "ann").status, 0);
    assert.match(readFileSync(path, "utf8"), /^# people\nann:\$2b\$12\$[^\n]+\nbob:\{SHA\}[^\n]+\n$/);
    const after = statSync(path);
    assert.deepEqual([after.uid, after.gid, after.mode & 0o7777], [uid, gid, 0o604]);
    assert.equal(readlinkSync(link), "htpasswd");
  });

  test("what is no htpasswd file is left alone", () => {
    const text = "root:x:0:0:root:/root:/bin/bash\n";
    writeFileSync(path, text);
    const { status, stderr } = passwd("correct horse", path, "ann");
    assert.equal(status, 2);
    assert.match(stderr, /^vpn-ws: .*line 1: it holds neither bcrypt/);
    assert.equal(readFileSync(path, "utf8"), text);
  });

  test("passwords and names that are no good are refused, and not repeated", () => {
    for (const [password, message] of [
      ["short", /less than 8/],
      ["", /less than 8/],
      ["x".repeat(73), /72 bytes/],
    ] as const) {
      const { status, stderr } = passwd(password, path, "ann");
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.ok(password === "" || !stderr.includes(password));
    }
    assert.match(passwd("correct horse", path, "a:b").stderr, /printable/);
    assert.deepEqual(readdirSync(directory), []);
  });
});

describe("readNewPassword", () => {
  /** A terminal at which the keys are pressed, and what it shows. */
  function terminal() {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => raw.push(isRaw) });
    const raw: boolean[] = [];
    const output = new PassThrough({ encoding: "utf8" });
    return { input, output, raw, shown: () => output.read() as string };
  }

  test("asks twice and shows nothing of what is typed", async () => {
    const { input, output, raw, shown } = terminal();
    const password = readNewPassword(input, output);
    input.write("correct hors\x7fse\r");
    setImmediate(() => input.write("correct horse\r"));
    assert.equal(await password, "correct horse");
    assert.equal(shown(), "New password: \nThe same once more: \n");
    assert.deepEqual(raw, [true, false]);
  });

  test("two that differ, Ctrl-C and Ctrl-D change nothing", async () => {
    const typo = terminal();
    const mistyped = readNewPassword(typo.input, typo.output);
    typo.input.write("correct horse\r");
    setImmediate(() => typo.input.write("correct house\r"));
    await assert.rejects(mistyped, { code: "PASSWORD_MISMATCH" });
    for (const key of ["\x03", "\x04"]) {
      const { input, output, raw } = terminal();
      const aborted = readNewPassword(input, output);
      input.write(key);
      await assert.rejects(aborted, { code: "PASSWORD_MISSING" });
      assert.deepEqual(raw, [true, false]);
    }
  });

  test("from a pipe it is the first line, in pieces or without an end", async () => {
    const first = async (...pieces: string[]): Promise<string> => {
      const input = new PassThrough();
      const password = readNewPassword(input, new PassThrough());
      for (const piece of pieces) input.write(piece);
      input.end();
      return password;
    };
    assert.equal(await first("cor", "rect\r\nmore"), "correct");
    assert.equal(await first("corr", "ect"), "correct");
    assert.equal(await first(), "");
  });
});
