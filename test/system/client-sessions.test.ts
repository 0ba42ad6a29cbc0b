/** Our client against real servers that go away and come back: its session, its connections, its other servers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lab, type Lab as LabType } from "../../lab/namespace.ts";
import { buildNetwork, type Network, type Site } from "../../lab/network.ts";
import { PingWatch } from "../../lab/ping-watch.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { pinNeighbours } from "../../lab/situations/neighbours.ts";
import { SteadyConnection } from "../../lab/situations/steady-connection.ts";
import { startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";

const noLab = await whyNoLab("nginx");
const TIMEOUT_MS = 20_000;
const DEBUG = ["--log-level", "debug"];

async function withLab(run: (lab: LabType) => Promise<void>): Promise<void> {
  const lab = await Lab.open();
  try {
    await run(lab);
  } finally {
    await lab.close();
  }
}

const events = (vpn: VpnProcess, name: string, count: number): Promise<unknown> =>
  vpn.waitForEvent(name, count, { timeoutMs: TIMEOUT_MS });

describe("a client with four connections", { skip: noLab }, () => {
  test("has one session behind nginx, and a new one when the server was killed and is back", async () => {
    await withLab(async (lab) => {
      const clientFlags = ["--connections", "4", ...DEBUG];
      const network = await buildNetwork(lab, { front: "uwsgi-unix", clientFlags });
      const { server, clients, serverFlags } = network;
      const [first, second] = clients as [Site, Site];
      await pinNeighbours(network);
      for (const { vpn } of clients) await events(vpn, "client.connection-added", 3);
      assert.equal(server.vpn.events("peer.joined").length, 2, "each is one peer");
      const watch = new PingWatch(first.namespace, second.ipv4, 0.05);
      await watch.firstAfter(0, TIMEOUT_MS);
      server.vpn.child.kill("SIGKILL");
      await server.vpn.child.ended;
      await events(first.vpn, "client.dial-failed", 1);
      assert.match(String(first.vpn.events("client.dial-failed")[0]?.msg), /502/);
      const restarted = await startServer(server.namespace, serverFlags);
      await watch.firstAfter(Date.now(), TIMEOUT_MS);
      for (const { vpn } of clients) await events(vpn, "client.connection-added", 6);
      assert.equal(restarted.events("peer.joined").length, 2);
    });
  });

  test("outlives a cut path and a change of address with one session, and so do connections inside", async () => {
    await withLab(async (lab) => {
      const clientFlags = ["--connections", "4", ...DEBUG];
      const network = await buildNetwork(lab, { clients: 1, path: { delayMs: 20 }, clientFlags });
      const { server, paths } = network;
      const [client] = network.clients as [Site];
      const [path] = paths as readonly [Network["paths"][number]];
      await pinNeighbours(network);
      await events(client.vpn, "client.connection-added", 3);
      const steady = await SteadyConnection.open(client.namespace, server.namespace, server.ipv4);
      await path.cut(3_000);
      await events(client.vpn, "client.suspect", 1);
      assert.notEqual(await steady.silenceAfter(Date.now(), TIMEOUT_MS), Number.POSITIVE_INFINITY);
      await path.changeAddress(0, 20);
      await events(client.vpn, "client.resumed", 4);
      assert.notEqual(await steady.silenceAfter(Date.now(), TIMEOUT_MS), Number.POSITIVE_INFINITY);
      assert.ok(steady.stands);
      assert.equal(server.vpn.events("peer.joined").length, 1, "it is the same peer");
      assert.equal(server.vpn.events("peer.left").length, 0);
      assert.equal(client.vpn.events("client.connected").length, 1);
    });
  });
});

describe("a client with two servers", { skip: noLab }, () => {
  test("goes to the second when the first is killed, and back on SIGHUP", async () => {
    await withLab(async (lab) => {
      const [servers, home] = [await lab.namespace("servers"), await lab.namespace("client")];
      const link = await lab.link(home, servers);
      const serve = (port: number, tap: string, address: string): Promise<VpnProcess> =>
        startServer(servers, [
          ...["--listen", `http://0.0.0.0:${port}`, "--allow-anonymous"],
          ...["--tap", tap, "--address", address],
        ]);
      const first = await serve(8_001, "vpn1", "10.78.1.1/24");
      const second = await serve(8_002, "vpn2", "10.78.2.1/24");
      const urls = [8_001, 8_002].map((port) => `ws://${link.ipv4[1]}:${port}/`);
      const addresses = ["--address", "10.78.1.2/24", "--address", "10.78.2.2/24"];
      const client = await startClient(home, ["--tap", "vpn0", ...addresses, ...urls]);
      const reaches = async (address: string): Promise<void> => {
        // A TAP that is made anew has another MAC address, and the kernel believes in the old one for a minute.
        await home.ip("neigh", "flush", "dev", "vpn0");
        const watch = new PingWatch(home, address, 0.1);
        await watch.firstAfter(Date.now(), TIMEOUT_MS);
        await watch.stop();
      };
      await reaches("10.78.1.1");
      first.child.kill("SIGKILL");
      await events(client, "client.connected", 2);
      await reaches("10.78.2.1");
      const again = await serve(8_001, "vpn1", "10.78.1.1/24");
      client.child.kill("SIGHUP");
      await events(client, "client.connected", 3);
      await reaches("10.78.1.1");
      await events(second, "peer.left", 1);
      assert.equal(again.events("peer.joined").length, 1);
      assert.deepEqual(
        client.events("client.connected").map(({ server }) => server),
        [urls[0], urls[1], urls[0]],
      );
    });
  });
});
