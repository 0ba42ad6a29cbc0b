/** What Ethernet carries between our own client, our own server and our own client again: all of it, whole. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { buildNetwork, type Network, type Site, TAP } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { programArgv } from "../../lab/program-argv.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

const VLAN_PROGRAM = fileURLToPath(new URL("vlan-interface.ts", import.meta.url));
const BRIDGE = "br0";

async function assertPings(from: Namespace, address: string): Promise<void> {
  const { sent, received } = await runPing(from, { address, count: 5 });
  assert.deepEqual([address, sent, received], [address, 5, 5]);
}

/** Addresses that answered a broadcast or multicast ping. */
async function answersTo(from: Namespace, ...argv: readonly string[]): Promise<string[]> {
  const { stdout } = await from.run(["ping", "-n", "-c", "2", "-i", "0.2", "-w", "3", ...argv], { allowFailure: true });
  return [...new Set([...stdout.matchAll(/bytes from ([\w.:]+?)(?:%\w+)?: icmp_seq/g)].map(([, from]) => from ?? ""))];
}

async function linkLocalAddress({ namespace }: Site): Promise<string> {
  const text = await namespace.ip("-6", "-o", "address", "show", "dev", TAP, "scope", "link");
  return /inet6 (\S+)\//.exec(text)?.[1] ?? "none";
}

async function macOf({ namespace }: Site): Promise<string> {
  return /link\/ether (\S+)/.exec(await namespace.ip("link", "show", TAP))?.[1] ?? "none";
}

/** An 802.1Q interface whose trunk is bridged with the site's TAP, with an address in the network of that VLAN. */
async function addVlan({ namespace }: Site, id: number, address: string): Promise<void> {
  const trunk = `trunk${id}`;
  const name = `vlan${id}`;
  const child = namespace.start(programArgv(VLAN_PROGRAM, trunk, name, String(id)));
  await namespace.waitForDevice(name, { evidence: () => child.describe() });
  await namespace.ip("link", "set", trunk, "master", BRIDGE);
  await namespace.setAddress(name, `${address}/24`);
}

async function addBridge({ namespace }: Site): Promise<void> {
  await namespace.ip("link", "add", BRIDGE, "type", "bridge");
  await namespace.ip("link", "set", TAP, "master", BRIDGE);
  await namespace.ip("link", "set", BRIDGE, "up");
}

describe("a network of our own clients and server", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let network: Network;
  let first: Site;
  let second: Site;

  before(async () => {
    lab = await Lab.open();
    network = await buildNetwork(lab);
    [first, second] = network.clients as [Site, Site];
  });
  after(() => lab?.close());

  test("carries IPv4 and IPv6 pings between client and server and between clients", async () => {
    for (const [from, to] of [
      [first, network.server],
      [network.server, second],
      [first, second],
    ] as const) {
      await assertPings(from.namespace, to.ipv4);
      await assertPings(from.namespace, to.ipv6);
    }
  });

  test("carries a large transfer between client and server, both ways, over IPv4 and IPv6", async () => {
    await transferBothWays(first.namespace, network.server.namespace, network.server.ipv4, 64 * MEBIBYTE);
    await transferBothWays(first.namespace, network.server.namespace, network.server.ipv6, 64 * MEBIBYTE);
  });

  test("carries a large transfer between two clients, both ways, over IPv4 and IPv6", async () => {
    await transferBothWays(first.namespace, second.namespace, second.ipv4, 64 * MEBIBYTE);
    await transferBothWays(first.namespace, second.namespace, second.ipv6, 64 * MEBIBYTE);
  });

  test("floods a broadcast to every other site", async () => {
    for (const { namespace } of [network.server, second]) {
      await namespace.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_broadcasts"]);
    }
    const answered = await answersTo(first.namespace, "-b", "10.78.0.255");
    assert.deepEqual(answered.sort(), [network.server.ipv4, second.ipv4].sort());
  });

  test("floods a multicast to every other site", async () => {
    const answered = await answersTo(first.namespace, "-6", `ff02::1%${TAP}`);
    const expected = [await linkLocalAddress(network.server), await linkLocalAddress(second)];
    for (const address of expected) assert.ok(answered.includes(address), `${address} is among ${answered}`);
  });

  test("answers ARP and neighbour solicitation with the MAC of the site's own TAP", async () => {
    await first.namespace.ip("neighbour", "flush", "dev", TAP);
    await assertPings(first.namespace, second.ipv4);
    await assertPings(first.namespace, second.ipv6);
    const mac = await macOf(second);
    for (const address of [second.ipv4, second.ipv6]) {
      assert.match(await first.namespace.ip("neighbour", "show", address), new RegExp(`lladdr ${mac}`));
    }
  });
});

describe("a network that joins bridges", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let network: Network;
  let sites: readonly [server: Site, first: Site, second: Site];

  before(async () => {
    lab = await Lab.open();
    network = await buildNetwork(lab, { serverFlags: ["--bridge", "--allow-bridge"], clientFlags: ["--bridge"] });
    sites = [network.server, ...network.clients] as unknown as typeof sites;
    for (const site of sites) await addBridge(site);
  });
  after(() => lab?.close());

  test("carries 802.1Q tags between them, large transfers included, and keeps VLANs apart", async () => {
    const [server, first, second] = sites;
    for (const [index, site] of sites.entries()) await addVlan(site, 42, `10.142.0.${index + 1}`);
    await addVlan(first, 43, "10.143.0.2");
    await assertPings(first.namespace, "10.142.0.1");
    await transferBothWays(first.namespace, server.namespace, "10.142.0.1", 32 * MEBIBYTE);
    await transferBothWays(first.namespace, second.namespace, "10.142.0.3", 32 * MEBIBYTE);
    await server.namespace.ip("address", "add", "10.143.0.1/24", "dev", "vlan42");
    const other = await runPing(first.namespace, { address: "10.143.0.1", count: 1, deadlineSeconds: 1 });
    assert.equal(other.received, 0, "what is sent in VLAN 43 does not reach VLAN 42");
  });
});

describe("a network with jumbo frames", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let network: Network;

  before(async () => {
    lab = await Lab.open();
    const flags = ["--mtu", "9000"];
    network = await buildNetwork(lab, { serverFlags: flags, clientFlags: flags });
  });
  after(() => lab?.close());

  test("carries 9000-byte packets unfragmented, and large transfers", async () => {
    const { server, clients } = network;
    const [first, second] = clients as [Site, Site];
    for (const address of [server.ipv4, second.ipv4]) {
      // 9000 less the IPv4 header (20) and the ICMP header (8).
      const whole = { address, count: 3, payloadBytes: 8_972, dontFragment: true };
      assert.equal((await runPing(first.namespace, whole)).received, 3);
      assert.equal((await runPing(first.namespace, { ...whole, payloadBytes: 8_973 })).received, 0);
    }
    await transferBothWays(first.namespace, server.namespace, server.ipv4, 32 * MEBIBYTE);
    await transferBothWays(first.namespace, second.namespace, second.ipv6, 32 * MEBIBYTE);
  });
});
