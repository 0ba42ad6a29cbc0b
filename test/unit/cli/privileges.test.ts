import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../../src/base/errors.ts";
import { dropPrivileges, type PrivilegeOptions } from "../../../src/cli/privileges.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

const PROGRAM = fileURLToPath(new URL("./privileges-program.ts", import.meta.url));

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

/** What a TypeScript program prints, started by way of a launcher (`setpriv …`) if there is one. */
function run(program: readonly string[], launcher: readonly string[] = []): string {
  const [file = "", ...argv] = [...launcher, process.execPath, "--import", "tsx", ...program];
  const { stdout, stderr } = spawnSync(file, argv, { cwd: PROJECT_ROOT, encoding: "utf8" });
  return stdout.trim() || stderr;
}

const evaluated = (script: string): readonly string[] => ["--input-type=module", "--eval", script];

/** What the ids are after a drop, and whether there is a way back. */
function idsAfter(options: Partial<PrivilegeOptions>): string {
  const script = `
    import { dropPrivileges } from "./src/cli/privileges.ts";
    dropPrivileges(${JSON.stringify(options)});
    let back = "closed";
    try { process.setuid(1); process.setuid(0); back = "open"; } catch {}
    console.log(process.getuid(), process.geteuid(), process.getgid(), process.getegid(), process.getgroups().join("+"), back);`;
  return run(evaluated(script));
}

/** Every thread's sets after a drop; see privileges-program.ts. */
function setsAfter(options: Partial<PrivilegeOptions>, launcher: readonly string[] = []): unknown {
  return JSON.parse(run([PROGRAM, JSON.stringify(options)], launcher));
}

const NONE = "0".repeat(16);
const NET_ADMIN = (1 << 12).toString(16).padStart(16, "0");
/** Permitted and effective set; everything else is empty. */
const sets = (held: string, bounding = NONE) => ({
  CapInh: NONE,
  CapPrm: held,
  CapEff: held,
  CapBnd: bounding,
  CapAmb: NONE,
  NoNewPrivs: "1",
});
const everywhere = (held: string, bounding = NONE) => ({
  hasManyThreads: true,
  threads: sets(held, bounding),
  child: sets(NONE, bounding),
  coreLimits: ["0", "0"],
  debugger: "closed",
  seesOwnDescriptors: true,
});

const noRoot = process.getuid?.() !== 0;
/** An ordinary user, as systemd starts one: its only capability is ambient. */
const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
const ONLY_NET_ADMIN = [
  "--inh-caps=-all,+net_admin",
  "--ambient-caps=-all,+net_admin",
  "--bounding-set=-all,+net_admin",
];

describe("privileges", () => {
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
    skip: noRoot,
  }, () => {
    assert.equal(idsAfter({ uid: "nobody" }), "65534 65534 65534 65534 65534 closed");
    assert.equal(idsAfter({ uid: "65534", gid: "daemon" }), "65534 65534 1 1 1 closed");
    assert.match(idsAfter({ uid: "3999999", gid: "3999998" }), /^3999999 3999999 3999998 3999998 3999998 closed$/);
  });

  test("without --uid and --gid the user stays", { skip: noRoot }, () => {
    assert.match(idsAfter({}), /^0 0 0 0 .* closed$/);
  });

  describe("are gone in every thread, for every program that is started, with no way back,", { skip: noRoot }, () => {
    test("of a root that stays root", () => assert.deepEqual(setsAfter({}), everywhere(NONE)));

    test("of a root that becomes another user", () => {
      assert.deepEqual(setsAfter({ uid: "nobody" }), everywhere(NONE));
      assert.deepEqual(setsAfter({ gid: "nogroup" }), everywhere(NONE));
    });

    test("but for CAP_NET_ADMIN, of a client", () => {
      assert.deepEqual(setsAfter({ keepNetAdmin: true }), everywhere(NET_ADMIN));
      assert.deepEqual(setsAfter({ keepNetAdmin: true, uid: "nobody" }), everywhere(NET_ADMIN));
    });

    test("of a user who had CAP_NET_ADMIN only, who cannot empty the bounding set", () => {
      const launcher = [...AS_NOBODY, ...ONLY_NET_ADMIN];
      assert.deepEqual(setsAfter({}, launcher), everywhere(NONE, NET_ADMIN));
      assert.deepEqual(setsAfter({ keepNetAdmin: true }, launcher), everywhere(NET_ADMIN, NET_ADMIN));
    });

    test("of a user who had none at all", () => {
      const launcher = [...AS_NOBODY, "--bounding-set=-all"];
      assert.deepEqual(setsAfter({ keepNetAdmin: true }, launcher), everywhere(NONE));
    });

    test("of a container's root, who may not lock the way back: no new privileges closes it", () => {
      const launcher = ["setpriv", ...ONLY_NET_ADMIN];
      assert.deepEqual(setsAfter({}, launcher), everywhere(NONE, NET_ADMIN));
    });
  });

  test("that cannot be given up end the start", { skip: noRoot }, () => {
    const script = `
      import { dropPrivileges } from "./src/cli/privileges.ts";
      try { dropPrivileges({ uid: "nobody", gid: undefined }); console.log("went on"); }
      catch ({ code, message, hint }) { console.log(code, message, hint); }`;
    const refused = /^PRIVILEGES_REFUSED cannot change to --uid nobody --gid -: .*EPERM.* Only root may/s;
    assert.match(run(evaluated(script), [...AS_NOBODY, ...ONLY_NET_ADMIN]), refused);
  });
});
