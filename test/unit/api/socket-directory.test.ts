import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { clientSocketName, findSockets, serverSocketName, socketDirectory } from "../../../src/api/socket-directory.ts";

describe("the socket directory", () => {
  let directory: string;
  let servers: Server[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "vpnws-sockets-"));
    servers = [];
  });
  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true });
  });

  async function listen(...path: readonly string[]): Promise<void> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(join(directory, ...path), resolve));
  }

  test("is the one that systemd made, if it made one", () => {
    assert.equal(socketDirectory({}), "/run/vpn-ws");
    assert.equal(socketDirectory({ RUNTIME_DIRECTORY: "" }), "/run/vpn-ws");
    assert.equal(socketDirectory({ RUNTIME_DIRECTORY: "/run/vpn-ws/server:/run/other" }), "/run/vpn-ws/server");
  });

  test("shows sockets of servers and clients, also those one folder below, and nothing else", async () => {
    mkdirSync(join(directory, "home"));
    await listen(serverSocketName(7));
    await listen("other.sock");
    await listen("home", clientSocketName("vpn0"));
    writeFileSync(join(directory, serverSocketName(8)), "");
    assert.deepEqual(findSockets(directory), [
      { kind: "server", path: join(directory, "server-7.sock") },
      { kind: "client", path: join(directory, "home", "client-vpn0.sock") },
    ]);
  });

  test("has none if it is not there", () => {
    assert.deepEqual(findSockets(join(directory, "none")), []);
  });
});
