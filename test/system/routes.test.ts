/**
 * A client whose default route leads into the VPN that it makes: the VPN must not swallow itself.
 *
 *              ┌── left ───┐
 *   client ────┤           ├──── server 203.0.113.5, 2001:db8::5 (198.51.100.9 and 2001:db8:9::9 stand for the Internet)
 *     vpn0     └── right ──┘       vpn0
 */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Lab, type Link, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { startClient, startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";

const SERVER = { ipv4: "203.0.113.5", ipv6: "2001:db8::5" };
const INTERNET = { ipv4: "198.51.100.9", ipv6: "2001:db8:9::9" };
const INNER = { ipv4: "10.78.0.1", ipv6: "fd78::1" };
const URL_IPV4 = `ws://${SERVER.ipv4}:8080/`;
const URL_IPV6 = `ws://[${SERVER.ipv6}]:8080/`;
const SERVER_FLAGS = [
  ...["--listen", "http://[::]:8080", "--allow-anonymous", "--tap", TAP],
  ...["--address", `${INNER.ipv4}/24`, "--address", `${INNER.ipv6}/64`],
];
const CLIENT_FLAGS = ["--tap", TAP, "--address", "10.78.0.2/24", "--address", "fd78::2/64"];

/** Seconds after which a path that was cut is known to be dead, and some more. */
const RECOVERY = { timeoutMs: 25_000 };

describe("a default route through the VPN", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let client: Namespace;
  let server: Namespace;
  let gateways: readonly [left: Link, right: Link];
  let serving: VpnProcess;
  const clients: VpnProcess[] = [];

  before(async () => {
    lab = await Lab.open();
    client = await lab.namespace("client");
    server = await lab.namespace("server");
    for (const { ipv4, ipv6 } of [SERVER, INTERNET]) {
      await server.setAddress("lo", `${ipv4}/32`);
      await server.setAddress("lo", `${ipv6}/128`);
    }
    gateways = [await addGateway("left"), await addGateway("right")];
    serving = await startServer(server, SERVER_FLAGS);
  });
  after(() => lab?.close());
  beforeEach(() => leaveBy(gateways[0]));
  afterEach(async () => {
    for (const vpn of clients.splice(0)) await vpn.stop();
  });

  async function start(...flags: readonly string[]): Promise<VpnProcess> {
    const vpn = await startClient(client, flags);
    clients.push(vpn);
    return vpn;
  }

  /** A router between client and server, and what each needs to go by it. */
  async function addGateway(label: string): Promise<Link> {
    const gateway = await lab.namespace(label);
    await gateway.run([
      "sh",
      "-c",
      "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
    ]);
    const near = await lab.link(client, gateway);
    const far = await lab.link(gateway, server);
    for (const version of ["ipv4", "ipv6"] as const) {
      const family = version === "ipv4" ? "-4" : "-6";
      await gateway.ip(family, "route", "add", "default", "via", far[version][1]);
      const network = version === "ipv4" ? `${near.ipv4[0]}/24` : `${near.ipv6[0]}/64`;
      await server.ip(
        family,
        "route",
        "add",
        network.replace(/1\//, "0/").replace("::0/", "::/"),
        "via",
        far[version][0],
      );
    }
    return near;
  }

  /** The client's network is the one of this gateway now. */
  async function leaveBy({ ipv4, ipv6 }: Link): Promise<void> {
    await client.ip("route", "replace", "default", "via", ipv4[1]);
    await client.ip("-6", "route", "replace", "default", "via", ipv6[1]);
  }

  async function leaveByVpn(): Promise<void> {
    await client.ip("route", "replace", "default", "via", INNER.ipv4, "dev", TAP);
    // Linux keeps IPv6 routes of the same metric beside each other.
    await client.ip("-6", "route", "del", "default");
    await client.ip("-6", "route", "add", "default", "via", INNER.ipv6, "dev", TAP);
  }

  const pins = async (): Promise<string[]> =>
    `${await client.ip("-4", "route", "show", "proto", "118")}${await client.ip("-6", "route", "show", "proto", "118")}`
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace(/ metric.*$/, "").trim());

  async function assertThroughVpn(): Promise<void> {
    // A server that comes again has a TAP with another MAC.
    await client.ip("neighbour", "flush", "dev", TAP);
    for (const address of [INTERNET.ipv4, INTERNET.ipv6]) {
      assert.match(await client.ip("route", "get", address), new RegExp(` dev ${TAP} `));
      assert.ok((await runPing(client, { address, count: 3 })).received > 0, `ping ${address}`);
    }
  }

  for (const [version, url] of [
    ["ipv4", URL_IPV4],
    ["ipv6", URL_IPV6],
  ] as const) {
    test(`leaves the VPN alive over ${version}, also when the server comes again, and goes when it stops`, async () => {
      const vpn = await start(...CLIENT_FLAGS, url);
      const [left] = gateways;
      const gateway = left[version][1].replace(/(:0)+::/, "::");
      assert.deepEqual(await pins(), [`${SERVER[version]} via ${gateway} dev ${left.device[0]}`]);
      await leaveByVpn();
      await assertThroughVpn();
      await serving.stop();
      serving = await startServer(server, SERVER_FLAGS);
      await vpn.waitForEvent("client.connected", 2, RECOVERY);
      await assertThroughVpn();
      await vpn.stop();
      assert.deepEqual(await pins(), []);
    });
  }

  test("follows the client into another network", async () => {
    const vpn = await start(...CLIENT_FLAGS, URL_IPV4);
    await leaveByVpn();
    const [left, right] = gateways;
    await client.ip("link", "set", left.device[0], "down");
    // As DHCP would: beside the other default route, not in its place.
    await client.ip("route", "add", "default", "via", right.ipv4[1], "metric", "600");
    await vpn.waitForEvent("client.resumed", 1, RECOVERY);
    assert.deepEqual(await pins(), [`${SERVER.ipv4} via ${right.ipv4[1]} dev ${right.device[0]}`]);
    await assertThroughVpn();
    await vpn.stop();
    await client.ip("link", "set", left.device[0], "up");
    await client.setAddress(left.device[0], `${left.ipv6[0]}/64`);
    await client.ip("route", "del", "default", "metric", "600");
  });

  test("may be set before the first connection, by --exec", async () => {
    const exec = `ip route replace default via ${INNER.ipv4} dev ${TAP}`;
    const vpn = await start(...CLIENT_FLAGS, "--exec", exec, URL_IPV4);
    assert.ok((await runPing(client, { address: INTERNET.ipv4, count: 3 })).received > 0);
    await vpn.stop();
  });

  test("is told of in a sentence where it is the only route that ever was", async () => {
    await client.ip("route", "del", "default");
    const exec = `ip route add default dev ${TAP}`;
    const vpn = startVpn(client, ["client", "--log-format", "json", ...CLIENT_FLAGS, "--exec", exec, URL_IPV4]);
    clients.push(vpn);
    const { msg } = await vpn.waitForEvent("client.dial-failed");
    assert.match(String(msg), /the only route to 203\.0\.113\.5 leads through the VPN itself/);
    await vpn.stop();
  });

  test("two clients keep a route each, and what a killed one leaves goes with the next", async () => {
    const first = await start(...CLIENT_FLAGS, URL_IPV4);
    const second = await start("--tap", "vpn1", URL_IPV4);
    assert.equal((await pins()).length, 2);
    await first.stop();
    assert.equal((await pins()).length, 1);
    second.child.kill("SIGKILL");
    await second.child.waitUntil("its end", () => !second.child.running);
    assert.equal((await pins()).length, 1, "nobody was there to remove it");
    const third = await start("--no-pin-route", "--tap", "vpn2", URL_IPV4);
    assert.equal((await pins()).length, 1, "who sets none removes none");
    await third.stop();
    const fourth = await start("--tap", "vpn3", URL_IPV4);
    assert.equal((await pins()).length, 1, "its own");
    await fourth.stop();
    assert.deepEqual(await pins(), []);
  });
});
