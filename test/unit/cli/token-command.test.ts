import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";
import { hashToken, newTokenSecret } from "../../../src/access/token.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { tokenCommand } from "../../../src/cli/token-command.ts";

let root: string;
let stateDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vpn-ws-token-command-"));
  stateDir = join(root, "state");
});
afterEach(() => rmSync(root, { recursive: true }));

/** What a command writes to standard output and standard error. */
async function token(name: string, ...words: string[]): Promise<{ readonly out: string; readonly err: string }> {
  const streams = { stdout: new PassThrough({ encoding: "utf8" }), stderr: new PassThrough({ encoding: "utf8" }) };
  const command = tokenCommand(streams);
  for (const one of command.commands) one.configureOutput({ writeErr: () => {} });
  await command.parseAsync([name, "--state-dir", stateDir, ...words], { from: "user" });
  const [out, err] = [streams.stdout, streams.stderr].map((stream): string => stream.read() ?? "");
  return { out: out ?? "", err: err ?? "" };
}

const listJson = async (): Promise<Record<string, unknown>[]> => JSON.parse((await token("list", "--json")).out);

async function misused(words: readonly string[], message: RegExp): Promise<void> {
  const [name = "", ...rest] = words;
  await assert.rejects(token(name, ...rest), message, words.join(" "));
}

const isConfigError = (code: string) => (error: unknown) => error instanceof ConfigError && error.code === code;

describe("vpn-ws token create", () => {
  test("prints the secret alone on standard output, once, and keeps its hash", async () => {
    const { out, err } = await token("create", "ann", "--expires", "30d");
    assert.match(out, /^vpnws_[\w-]{43}\n$/);
    assert.ok(!err.includes(out.trim()));
    const text = readFileSync(join(stateDir, "tokens.json"), "utf8");
    assert.ok(text.includes(hashToken(out.trim())));
    assert.ok(!text.includes(out.trim()));
    assert.equal(statSync(stateDir).mode & 0o7777, 0o700);
    assert.ok(!(await token("list")).out.includes(out.trim().slice(6)));
  });

  test("keeps what was asked for", async () => {
    const before = Date.now();
    const words = ["--expires", "12h", "--network", "lab", "--group", "staff", "--group", "admins", "--uses", "3"];
    await token("create", "ann", ...words);
    await token("create", "zoé", "--expires", "never");
    const [one, two] = await listJson();
    const { id, createdMs, expiresMs, ...rest } = one ?? {};
    assert.match(String(id), /^[0-9a-f]{8}$/);
    const asked = { user: "ann", kind: "token", network: "lab", groups: ["staff", "admins"], usesLeft: 3 };
    assert.deepEqual(rest, { ...asked, state: "good" });
    assert.ok(Number(createdMs) >= before && Math.abs(Number(expiresMs) - Number(createdMs) - 43_200_000) < 60_000);
    const { id: _, createdMs: __, ...others } = two ?? {};
    assert.deepEqual(others, { user: "zoé", kind: "token", groups: [], state: "good" });
  });

  test("wants to know how long, and takes no nonsense", async () => {
    await misused(["create", "ann"], /required option '--expires/);
    for (const text of ["0d", "30", "x", "36501d", "9999999999d", "-1d"]) {
      await misused(["create", "ann", "--expires", text], /30m|never/);
    }
    for (const name of ["", "a:b", " a", "anonymous", "a\nb"]) {
      await misused(["create", name, "--expires", "1d"], /printable/);
    }
    for (const uses of ["0", "-1", "1.5", "1000000"]) {
      await misused(["create", "ann", "--expires", "1d", "--uses", uses], /1 to 999999/);
    }
    await misused(["create", "ann", "--expires", "1d", "--network", ""], /no name/);
    assert.ok(!existsSync(stateDir));
  });

  test("refuses a state directory that others may enter", async () => {
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o755);
    await assert.rejects(token("create", "ann", "--expires", "1d"), isConfigError("STATE_DIR_OPEN"));
  });
});

describe("vpn-ws token list", () => {
  test("without a state directory there are no tokens, and none is made", async () => {
    assert.equal((await token("list")).out, "There are no tokens.\n");
    assert.deepEqual(await listJson(), []);
    assert.ok(!existsSync(stateDir));
  });

  test("is a table with what one needs to know", async () => {
    await token("create", "ann", "--expires", "30d", "--network", "lab", "--uses", "1");
    await token("create", "bob", "--expires", "never");
    const lines = (await token("list")).out.split("\n");
    assert.match(lines[0] ?? "", /^ID +USER +KIND +NETWORK +GROUPS +CREATED +EXPIRES +USES LEFT +STATE$/);
    assert.match(lines[1] ?? "", /^[0-9a-f]{8} +ann +token +lab +- +\S+Z +\S+Z +1 +good$/);
    assert.match(lines[2] ?? "", /^[0-9a-f]{8} +bob +token +any +- +\S+Z +never +any +good$/);
    assert.equal(lines.length, 4);
  });
});

describe("vpn-ws token revoke", () => {
  test("ends one by its id, or all of a user", async () => {
    for (const user of ["ann", "ann", "bob"]) await token("create", user, "--expires", "1d");
    const [first] = await listJson();
    assert.deepEqual(await token("revoke", String(first?.id)), { out: "", err: "1 token was revoked.\n" });
    const states = async () => (await listJson()).map(({ state }) => state);
    assert.deepEqual(await states(), ["revoked", "good", "good"]);
    assert.equal((await token("revoke", "--user", "ann")).err, "1 token was revoked.\n");
    assert.deepEqual(await states(), ["revoked", "revoked", "good"]);
    assert.equal((await token("revoke", "--user", "ann")).err, "0 tokens were revoked.\n");
  });

  test("says when there is no such token, or it is not said which", async () => {
    await assert.rejects(token("revoke", "00000000"), isConfigError("TOKEN_UNKNOWN"));
    await token("create", "ann", "--expires", "1d");
    await assert.rejects(token("revoke", "00000000"), isConfigError("TOKEN_UNKNOWN"));
    await assert.rejects(token("revoke"), isConfigError("TOKEN_SELECTOR"));
    const secret = newTokenSecret();
    await assert.rejects(token("revoke", secret), (error: unknown) => {
      return isConfigError("TOKEN_ID_INVALID")(error) && !String(error).includes(secret);
    });
    await assert.rejects(token("revoke", "00000000", "--user", "ann"), isConfigError("TOKEN_SELECTOR"));
  });
});
