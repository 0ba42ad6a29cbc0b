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

describe("credentials", () => {
  test("the file goes before the variable, the variable before the URL", () => {
    process.env.VPN_WS_AUTH = "variable:2";
    assert.equal(findCredentials(file("file:1"), "url:3"), "file:1");
    assert.equal(findCredentials(undefined, "url:3"), "variable:2");
    delete process.env.VPN_WS_AUTH;
    assert.equal(findCredentials(undefined, "url:3"), "url:3");
    assert.equal(findCredentials(undefined, undefined), undefined);
  });

  test("one final line break is no part of the password, a colon in it is", () => {
    assert.equal(findCredentials(file("alice:a b:c\n"), undefined), "alice:a b:c");
    assert.equal(findCredentials(file("alice:\r\n"), undefined), "alice:");
  });

  for (const text of ["", "s3cret", "alice:s3cret\nbob:s3cret\n", "alice:s3cret\r\nX: y", "alice:s3cret\n\n"]) {
    test(`${JSON.stringify(text)} is refused, by the name of its source and without the secret`, () => {
      const path = file(text);
      assert.match(
        errorOf(() => findCredentials(path, undefined)).message,
        /auth does not hold one line of the form user:password/,
      );
      process.env.VPN_WS_AUTH = text;
      assert.match(errorOf(() => findCredentials(undefined, "url:3")).message, /^VPN_WS_AUTH does not hold/);
    });
  }

  test("a file that cannot be read is named with its flag and the reason", () => {
    const path = join(directory, "missing");
    const { code, message } = errorOf(() => findCredentials(path, "alice:s3cret"));
    assert.equal(code, "FILE_UNREADABLE");
    assert.equal(message, `cannot read ${path}, given with --auth-file: no such file or directory.`);
    assert.throws(() => readFlagFile("--ca", directory), /given with --ca: illegal operation on a directory/);
  });
});

describe("--exec", () => {
  test("runs in a shell with the name of the TAP, and without our secrets", () => {
    process.env.VPN_WS_AUTH = "alice:s3cret";
    const path = join(directory, "env");
    runExec(`env > '${path}' && test "$VPN_WS_TAP" = vpn7`, "vpn7");
    const environment = readFileSync(path, "utf8");
    assert.match(environment, /^VPN_WS_TAP=vpn7$/m);
    assert.doesNotMatch(environment, /s3cret|VPN_WS_AUTH/);
    assert.equal(process.env.VPN_WS_AUTH, "alice:s3cret");
  });

  test("a command that fails, or is killed, is repeated with how it ended", () => {
    assert.match(errorOf(() => runExec("exit 7", undefined)).message, /failed \(exit code 7\): exit 7$/);
    assert.match(errorOf(() => runExec("kill -9 $$", undefined)).message, /killed by SIGKILL/);
  });
});
