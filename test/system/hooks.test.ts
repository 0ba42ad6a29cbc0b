/** Hooks of a real server that has become another user: what they know, and that they end with it. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { SERVER_BINARY, startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";

const NOBODY = 65_534;

describe("hooks", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let hub: Namespace;
  let remote: Namespace;
  let directory: string;
  let log: string;
  let server: VpnProcess;
  let url: string;
  let flags: readonly string[];

  before(async () => {
    lab = await Lab.open();
    [hub, remote] = [await lab.namespace("server"), await lab.namespace("client")];
    url = `ws://${(await lab.link(remote, hub)).ipv4[1]}:8080/`;
    directory = temporaryDirectory(lab, "hooks");
    const state = ["--state-dir", join(directory, "state")];
    mkdirSync(join(directory, "said"));
    chmodSync(join(directory, "said"), 0o777);
    log = join(directory, "said", "log");
    const said = `echo "$(id -u) $VPN_WS_EVENT $VPN_WS_USER $VPN_WS_NETWORK $VPN_WS_MAC $VPN_WS_ADDRESS $PPID" >>${log}`;
    const configuration = {
      listen: ["http://0.0.0.0:8080"],
      authentication: [{ kind: "tokens" }],
      hooks: { join: { exec: said }, leave: { exec: said, webhook: "http://127.0.0.1:4711/s3cret" } },
    };
    const path = join(directory, "server.yaml");
    writeFileSync(path, JSON.stringify(configuration), { mode: 0o644 });
    const words = ["token", "create", "alice", "--expires", "1d", ...state];
    const { stdout } = await hub.run([process.execPath, SERVER_BINARY, ...words]);
    const token = join(directory, "alice.token");
    writeFileSync(token, stdout, { mode: 0o600 });
    flags = ["--token-file", token];
    server = await startServer(hub, ["--config", path, "--uid", String(NOBODY), "--gid", String(NOBODY), ...state]);
  });
  after(() => lab?.close());

  const lines = (): readonly string[] => readFileSync(log, "utf8").trimEnd().split("\n");

  test("run as the server's user and know who it is about", async () => {
    const client = await startClient(remote, [...flags, url]);
    const { mac } = await client.waitForEvent("client.started");
    await waitFor("the join", () => lines().length === 1);
    await client.stop();
    await waitFor("the leave", () => lines().length === 2);
    const told = lines().map((line) => line.split(" "));
    const address = told[0]?.[5] ?? "";
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
    const who = ["alice", "default", mac, address, String(server.child.pid)];
    assert.deepEqual(told, [
      [String(NOBODY), "join", ...who],
      [String(NOBODY), "leave", ...who],
    ]);
  });

  test("a webhook that is not there is told of, without its address", async () => {
    const { hook, reason } = await server.waitForEvent("hook.failed");
    assert.deepEqual([hook, reason], ["leave.webhook", "no answer (ECONNREFUSED)"]);
    assert.ok(!server.child.stderr.includes("s3cret"));
  });

  test("a server that stops tells of everybody who leaves, and ends", async () => {
    const before = lines().length;
    await startClient(remote, [...flags, url]);
    await waitFor("the join", () => lines().length === before + 1);
    const { status } = await server.stop();
    assert.equal(status, 0);
    assert.match(lines().at(-1) ?? "", / leave alice /);
  });
});
