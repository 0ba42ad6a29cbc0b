/** The systemd units: how tight they are, and that our programs run with what they leave. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { run } from "../../lab/child.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { findProgram, whyNoLab } from "../../lab/programs.ts";
import { VpnProcess } from "../../lab/vpn.ts";
import { PROJECT_ROOT } from "../source-files.ts";

const UNITS = ["vpn-ws.service", "vpn-ws-client@.service"] as const;
/** Of 100; what is left is named in the units, with its reason. */
const EXPOSURE_LIMIT = 25;

const unitPath = (unit: string): string => join(PROJECT_ROOT, "contrib/systemd", unit);

/** All values of a setting, joined as systemd does. */
function setting(unit: string, name: string): string {
  const lines = readFileSync(unitPath(unit), "utf8").split("\n");
  const values = lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  return values.join(" ");
}

function whyNoSystemd(): string | false {
  if (findProgram("systemd-analyze") !== undefined) return false;
  const reason = "needs systemd-analyze; on Debian: apt-get install -y --no-install-recommends systemd";
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

describe("a systemd unit", { skip: whyNoSystemd() }, () => {
  for (const unit of UNITS) {
    test(`${unit} leaves little exposed`, async () => {
      const argv = ["security", "--offline=true", `--threshold=${EXPOSURE_LIMIT}`, "--no-pager", unitPath(unit)];
      const { status, stdout } = await run(["systemd-analyze", ...argv], { allowFailure: true });
      assert.equal(status, 0, stdout);
    });
  }
});

describe("the command line in a systemd unit", () => {
  for (const unit of UNITS) {
    test(`of ${unit} has only flags that the program knows`, async () => {
      const [program, command = "", ...rest] = setting(unit, "ExecStart").split(" ");
      const argv = ["--import", "tsx", "src/cli/vpn-ws.ts", command, "--help"];
      const { stdout } = await run([process.execPath, ...argv], { cwd: PROJECT_ROOT });
      const flags = rest.filter((word) => word.startsWith("--"));
      assert.ok(program === "vpn-ws" && flags.length > 0);
      for (const flag of flags) assert.match(stdout, new RegExp(`^ +${flag} `, "m"));
    });
  }
});

/**
 * Runs a command as systemd would with one of the units: an ordinary user, one capability, /proc with its own processes
 * only, /dev/net/tun as udev makes it. The program may be where that user cannot look, so it is mounted elsewhere.
 */
const AS_UNIT = `
  set -e
  stage=$1 node=$2 project=$3 capability=$4
  shift 4
  mkdir "$stage/project" && touch "$stage/node" && mknod -m 0666 "$stage/tun" c 10 200
  mount --bind "$stage/tun" /dev/net/tun
  mount --bind "$node" "$stage/node"
  mount --bind "$project" "$stage/project"
  mount -t proc -o hidepid=invisible,subset=pid proc /proc
  cd "$stage"
  exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \\
    --inh-caps=-all,+"$capability" --ambient-caps=-all,+"$capability" --bounding-set=-all,+"$capability" \\
    "$stage/node" "$stage/project/dist/cli/vpn-ws.js" "$@"`;

const NO_CAPABILITY = "0".repeat(16);
const NET_ADMIN = "0000000000001000";

/** What the threads of a process may do; equal ones once. */
function privilegesOf({ child }: VpnProcess): readonly string[] {
  const threads = readdirSync(`/proc/${child.pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${child.pid}/task/${thread}/status`, "latin1");
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\t(\\S+)`, "m").exec(status)?.[1];
    return ["Uid", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs"].map(field).join(" ");
  });
  return [...new Set(threads)];
}

describe("with what a systemd unit leaves", { skip: await whyNoLab("ping") }, () => {
  let lab: Lab;
  let hub: Namespace;
  let site: Namespace;

  beforeEach(async () => {
    lab = await Lab.open();
    [hub, site] = [await lab.namespace("server"), await lab.namespace("client")];
  });
  afterEach(() => lab?.close());

  async function start(
    unit: string,
    namespace: Namespace,
    argv: readonly string[],
    ready: string,
  ): Promise<VpnProcess> {
    const stage = mkdtempSync(join(tmpdir(), "vpn-ws-unit-"));
    chmodSync(stage, 0o755);
    lab.onClose(() => rmSync(stage, { recursive: true, force: true }));
    const capability = setting(unit, "AmbientCapabilities").toLowerCase().replace("cap_", "");
    assert.equal(setting(unit, "CapabilityBoundingSet").toLowerCase(), `cap_${capability}`);
    const launcher = ["sh", "-c", AS_UNIT, "sh", stage, process.execPath, PROJECT_ROOT, capability];
    const vpn = new VpnProcess(namespace.start([...launcher, ...argv, "--log-format", "json"]));
    await vpn.waitForEvent(ready);
    return vpn;
  }

  test("a server makes its TAP, keeps no capability, and a client keeps the one for its addresses", async () => {
    const { ipv4 } = await lab.link(site, hub);
    const listen = ["server", "--listen", "http://0.0.0.0:8080", "--allow-anonymous"];
    const serverArgv = [...listen, "--tap", TAP, "--address", "10.80.0.1/24"];
    const server = await start("vpn-ws.service", hub, serverArgv, "server.ready");
    assert.deepEqual(privilegesOf(server), [`65534 ${Array(4).fill(NO_CAPABILITY).join(" ")} 1`]);

    const clientArgv = ["client", "--tap", TAP, "--address", "10.80.0.2/24", `ws://${ipv4[1]}:8080/`];
    const client = await start("vpn-ws-client@.service", site, clientArgv, "client.connected");
    const [first = "", ...others] = privilegesOf(client);
    assert.deepEqual(others, []);
    assert.match(first, new RegExp(`^65534 \\S+ ${NET_ADMIN} ${NET_ADMIN} \\S+ 1$`));
    assert.equal((await runPing(site, { address: "10.80.0.1", count: 3 })).received, 3);
    assert.equal((await client.stop()).status, 0);
    assert.equal((await server.stop()).status, 0);
  });
});
