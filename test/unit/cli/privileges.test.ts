import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { dropPrivileges, type PrivilegeOptions } from "../../../src/cli/privileges.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

/** Every case here fails before anything is given up. */
function errorOf(options: Partial<PrivilegeOptions>): ConfigError {
  try {
    dropPrivileges({ uid: undefined, gid: undefined, ...options });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** What the ids are after a drop, in a process of its own. */
function idsAfter(options: Partial<PrivilegeOptions>): string {
  const script = `
    import { dropPrivileges } from "./src/cli/privileges.ts";
    dropPrivileges(${JSON.stringify({ ...options })});
    let back = "closed";
    try { process.setuid(0); back = "open"; } catch {}
    console.log(process.getuid(), process.geteuid(), process.getgid(), process.getegid(), process.getgroups().join("+"), back);`;
  const argv = ["--import", "tsx", "--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: PROJECT_ROOT, encoding: "utf8" });
  return stdout.trim() || stderr;
}

describe("privileges", () => {
  test("without --uid and --gid nothing happens", () => {
    const before = process.getuid?.();
    dropPrivileges({ uid: undefined, gid: undefined });
    assert.equal(process.getuid?.(), before);
  });

  const cases = [
    [{ uid: "no-such-user" }, "USER_UNKNOWN", /no user "no-such-user"/],
    [{ gid: "no-such-group" }, "GROUP_UNKNOWN", /no group "no-such-group"/],
    [{ uid: "nobody", gid: "no-such-group" }, "GROUP_UNKNOWN", /--gid/],
    [{ uid: "root" }, "PRIVILEGES_ROOT", /drops nothing/],
    [{ uid: "0", gid: "nogroup" }, "PRIVILEGES_ROOT", /--uid is root/],
    [{ uid: "00", gid: "nogroup" }, "PRIVILEGES_ROOT", /--uid is root/],
    [{ uid: "nobody", gid: "root" }, "PRIVILEGES_ROOT", /--gid is root's group/],
    [{ gid: "0" }, "PRIVILEGES_ROOT", /--gid/],
    [{ uid: "3999999" }, "GROUP_MISSING", /--gid as well/],
    [{ uid: "-1", gid: "nogroup" }, "USER_UNKNOWN", /"-1"/],
    [{ uid: "", gid: "nogroup" }, "USER_UNKNOWN", /""/],
    [{ gid: "" }, "GROUP_UNKNOWN", /""/],
    [{ uid: "nobody:x", gid: "nogroup" }, "USER_UNKNOWN", /nobody:x/],
  ] as const;
  for (const [options, code, message] of cases) {
    test(`${JSON.stringify(options)} is refused before anything is given up`, () => {
      const error = errorOf(options);
      assert.deepEqual([error.code, error.reaction], [code, "exit"]);
      assert.match(error.message, message);
    });
  }

  test("as root, user, group and all other groups are given up, and there is no way back", {
    skip: process.getuid?.() !== 0,
  }, () => {
    assert.equal(idsAfter({ uid: "nobody" }), "65534 65534 65534 65534 65534 closed");
    assert.equal(idsAfter({ uid: "65534", gid: "daemon" }), "65534 65534 1 1 1 closed");
    assert.match(idsAfter({ uid: "3999999", gid: "3999998" }), /^3999999 3999999 3999998 3999998 3999998 closed$/);
  });
});
