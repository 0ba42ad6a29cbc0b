import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { findCredentials } from "../../../src/cli/credentials.ts";
import { runExec } from "../../../src/cli/exec.ts";
import { readFlagFile } from "../../../src/cli/files.ts";

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-credentials-"));
});
after(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  delete process.env.VPN_WS_AUTH;
  delete process.env.VPN_WS_TOKEN;
});

function file(text: string): string {
  const path = join(directory, "auth");
  writeFileSync(path, text);
  return path;
}

/** The ConfigError that a call throws, which must not hold the secret. */
function errorOf(call: () => unknown): ConfigError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack} ${error.cause}`, /s3cret/);
    return error;
  }
  return assert.fail("nothing was thrown");
}

const NO_FILES = { authFile: undefined, tokenFile: undefined };
const basic = (user: string, password: string) => ({ kind: "basic", user, password });
const bearer = (token: string) => ({ kind: "bearer", token });

describe("credentials", () => {
  test("a file goes before the variables, a token before a password, both before the URL", () => {
    process.env.VPN_WS_AUTH = "variable:2";
    process.env.VPN_WS_TOKEN = "variable-2";
    assert.deepEqual(findCredentials({ ...NO_FILES, authFile: file("file:1") }, "url:3"), basic("file", "1"));
    assert.deepEqual(findCredentials({ ...NO_FILES, tokenFile: file("file-1\n") }, "url:3"), bearer("file-1"));
    assert.deepEqual(findCredentials(NO_FILES, "url:3"), bearer("variable-2"));
    delete process.env.VPN_WS_TOKEN;
    assert.deepEqual(findCredentials(NO_FILES, "url:3"), basic("variable", "2"));
    delete process.env.VPN_WS_AUTH;
    assert.deepEqual(findCredentials(NO_FILES, "url:3"), basic("url", "3"));
    assert.equal(findCredentials(NO_FILES, undefined), undefined);
  });

  test("one final line break is no part of the password, a colon in it is", () => {
    const read = (text: string) => findCredentials({ ...NO_FILES, authFile: file(text) }, undefined);
    assert.deepEqual(read("alice:a b:c\n"), basic("alice", "a b:c"));
    assert.deepEqual(read("alice:\r\n"), basic("alice", ""));
  });

  for (const text of ["", "s3cret", "alice:s3cret\nbob:s3cret\n", "alice:s3cret\r\nX: y", "alice:s3cret\n\n"]) {
    test(`${JSON.stringify(text)} is refused, by the name of its source and without the secret`, () => {
      const authFile = file(text);
      assert.match(
        errorOf(() => findCredentials({ ...NO_FILES, authFile }, undefined)).message,
        /auth does not hold one line of the form user:password/,
      );
      process.env.VPN_WS_AUTH = text;
      assert.match(errorOf(() => findCredentials(NO_FILES, "url:3")).message, /^VPN_WS_AUTH does not hold/);
    });
  }

  for (const text of ["", "s3cret s3cret", "s3cret\nX: y", "s3crät"]) {
    test(`${JSON.stringify(text)} is refused as a token`, () => {
      const tokenFile = file(text);
      assert.match(
        errorOf(() => findCredentials({ ...NO_FILES, tokenFile }, undefined)).message,
        /one line with a token/,
      );
      process.env.VPN_WS_TOKEN = text;
      assert.match(errorOf(() => findCredentials(NO_FILES, undefined)).message, /^VPN_WS_TOKEN does not hold/);
    });
  }

  test("two files say two things", () => {
    const both = { authFile: file("alice:s3cret"), tokenFile: file("s3cret") };
    assert.equal(errorOf(() => findCredentials(both, undefined)).code, "CREDENTIALS_AMBIGUOUS");
  });

  test("a file that cannot be read is named with its flag and the reason", () => {
    const path = join(directory, "missing");
    const { code, message } = errorOf(() => findCredentials({ ...NO_FILES, authFile: path }, "alice:s3cret"));
    assert.equal(code, "FILE_UNREADABLE");
    assert.equal(message, `cannot read ${path}, given with --auth-file: no such file or directory.`);
    assert.throws(() => readFlagFile("--ca", directory), /given with --ca: illegal operation on a directory/);
  });
});

describe("--exec", () => {
  test("runs in a shell with the name of the TAP, and without our secrets", () => {
    process.env.VPN_WS_AUTH = "alice:s3cret";
    process.env.VPN_WS_TOKEN = "s3cret";
    const path = join(directory, "env");
    runExec(`env > '${path}' && test "$VPN_WS_TAP" = vpn7`, "vpn7");
    const environment = readFileSync(path, "utf8");
    assert.match(environment, /^VPN_WS_TAP=vpn7$/m);
    assert.doesNotMatch(environment, /s3cret|VPN_WS_AUTH|VPN_WS_TOKEN/);
    assert.equal(process.env.VPN_WS_AUTH, "alice:s3cret");
  });

  test("a command that fails, or is killed, is repeated with how it ended", () => {
    assert.match(errorOf(() => runExec("exit 7", undefined)).message, /failed \(exit code 7\): exit 7$/);
    assert.match(errorOf(() => runExec("kill -9 $$", undefined)).message, /killed by SIGKILL/);
  });
});
