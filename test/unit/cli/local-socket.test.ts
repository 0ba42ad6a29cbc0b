import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { bindLocalSocket } from "../../../src/cli/local-socket.ts";

describe("a local socket", () => {
  let root: string;
  let directory: string;
  let servers: Server[];
  const before = process.env.RUNTIME_DIRECTORY;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "vpnws-local-"));
    directory = join(root, "run", "vpn-ws");
    process.env.RUNTIME_DIRECTORY = directory;
    servers = [];
  });
  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(root, { recursive: true });
    if (before === undefined) delete process.env.RUNTIME_DIRECTORY;
    else process.env.RUNTIME_DIRECTORY = before;
  });

  async function bind(...names: readonly [string, ...string[]]): Promise<string> {
    const server = createServer();
    servers.push(server);
    return bindLocalSocket(server, { names });
  }

  test("is there for its owner alone, in a directory that everybody may list", async () => {
    const path = await bind("server-1.sock");
    assert.equal(path, join(directory, "server-1.sock"));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o755);
  });

  test("gets its second name where somebody listens at the first, and is refused where there is no other", async () => {
    await bind("client-vpn0.sock");
    assert.equal(await bind("client-vpn0.sock", "client-vpn0-7.sock"), join(directory, "client-vpn0-7.sock"));
    await assert.rejects(bind("client-vpn0.sock"), /another program listens there/);
  });

  test("takes away what dead processes left", async () => {
    await bind("server-1.sock");
    const code = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    const left = join(directory, "server-2.sock");
    spawnSync(process.execPath, ["-e", code, left]);
    assert.ok(existsSync(left));
    await bind("server-3.sock");
    assert.ok(existsSync(left), "it may be about to listen");
    utimesSync(left, 0, 0);
    utimesSync(join(directory, "server-1.sock"), 0, 0);
    await bind("server-4.sock");
    assert.deepEqual([existsSync(left), existsSync(join(directory, "server-1.sock"))], [false, true]);
  });
});
