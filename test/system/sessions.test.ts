/** Sessions across connections, by raw WebSockets to a real server with a TAP, directly and behind nginx. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lab } from "../../lab/namespace.ts";
import { buildNetwork, type NetworkOptions, type Site } from "../../lab/network.ts";
import { UPSTREAM_PORT } from "../../lab/nginx.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { waitFor } from "../../lab/wait.ts";
import { V2Peer } from "../v2-peer.ts";
import { arp, BROADCAST, mac } from "./attacks/packets.ts";
import { openDoor } from "./door.ts";

const MAC = "02:00:00:00:00:0a";
const ADDRESS = "10.78.0.9";
const SERVER_ADDRESS = "10.78.0.1";
/** The client asks who has the server's address. */
const QUESTION = arp({
  to: BROADCAST,
  from: MAC,
  operation: "request",
  senderIp: ADDRESS,
  targetMac: "00:00:00:00:00:00",
  targetIp: SERVER_ADDRESS,
});
const ETHERNET_BYTES = 14;
/** Behind Ethernet and IPv4 headers: UDP's destination port; its header has eight bytes. */
const UDP_PORT_AT = ETHERNET_BYTES + 20 + 2;
const UDP_PAYLOAD_AT = ETHERNET_BYTES + 28;

const noLab = await whyNoLab("nginx");

/** A client made by hand, of one session with several connections. */
class Client {
  readonly connections: V2Peer[] = [];
  readonly #door: string;

  constructor(door: string) {
    this.#door = door;
  }

  /** Opens the connection of this number; the first one begins the session. */
  async open(connection: number): Promise<V2Peer> {
    const token = await this.connections[0]?.token();
    const claim = token === undefined ? undefined : { token, connection };
    const peer = await V2Peer.join(`unix:${this.#door}`, { mac: MAC, path: "/vpn", claim });
    this.connections.push(peer);
    await peer.welcome();
    return peer;
  }

  vanish(): void {
    for (const connection of this.connections) connection.vanish();
  }
}

/** The server's kernel asks who has the address. */
const isQuestion = (frame: Buffer): boolean =>
  frame.readUInt16BE(12) === 0x0806 && frame.readUInt16BE(ETHERNET_BYTES + 6) === 1;

const fronts: readonly (readonly [string, NetworkOptions])[] = [
  ["directly", { front: "direct" }],
  ["behind nginx by uwsgi", { front: "uwsgi-unix" }],
  ["behind nginx by HTTP", { front: "proxy" }],
];

for (const [way, options] of fronts) {
  describe(`a session ${way}`, { skip: noLab }, () => {
    async function withServer(run: (client: Client, server: Site) => Promise<void>): Promise<void> {
      const lab = await Lab.open();
      const { server, nginx } = await buildNetwork(lab, { ...options, clients: 0 });
      const client = new Client(await openDoor(lab, server.namespace, nginx?.port ?? UPSTREAM_PORT));
      try {
        await run(client, server);
        assert.equal(server.vpn.child.running, true);
        for (const one of client.connections) {
          assert.ok(!server.vpn.child.stderr.includes(await one.token()), "the token is in no line of the log");
        }
      } finally {
        client.vanish();
        await lab.close();
      }
    }

    test("outlives its connections: same id, and what came meanwhile arrives", async () => {
      await withServer(async (client, { vpn, namespace }) => {
        const first = await client.open(0);
        first.send(QUESTION);
        await waitFor("the kernel's answer", () => first.frames.some((frame) => frame.subarray(0, 6).equals(mac(MAC))));
        await client.open(1);
        client.vanish();
        await vpn.waitForEvent("peer.connection-lost", 2);
        await namespace.run(["ping", "-c", "1", "-W", "1", "10.78.0.77"], { allowFailure: true });
        const second = await client.open(0);
        await waitFor("the question that was held", () => second.frames.some(isQuestion));
        const [, resumed] = vpn.events("peer.resumed");
        assert.deepEqual([resumed?.peer, resumed?.arrival, resumed?.connections], [1, "returned", 1]);
        assert.ok(Number(resumed?.heldFrames) > 0);
        assert.equal(vpn.events("peer.joined").length, 1);
        second.close(1000);
        assert.equal((await vpn.waitForEvent("peer.left")).peer, 1);
      });
    });

    test("is taken back while the server believes the old connection open", async () => {
      await withServer(async (client, { vpn }) => {
        const first = await client.open(0);
        first.raw.socket.pause();
        const second = await client.open(0);
        assert.equal((await vpn.waitForEvent("peer.resumed")).arrival, "replaced");
        second.send(QUESTION);
        await waitFor("the kernel's answer", () =>
          second.frames.some((frame) => frame.subarray(0, 6).equals(mac(MAC))),
        );
        first.raw.socket.resume();
        await first.untilClosed();
        assert.deepEqual(first.closes, [[1000, "resumed"]]);
        assert.equal(vpn.events("peer.connection-lost").length, 0);
      });
    });

    test("has flows on each of its connections, each in order, and loses none with one of them", async () => {
      await withServer(async (client, { vpn, namespace }) => {
        for (const number of [0, 1, 2, 3]) await client.open(number);
        await namespace.ip("neigh", "replace", ADDRESS, "lladdr", MAC, "dev", "vpn0");
        await sendDatagrams(namespace, "first");
        await waitFor("all datagrams", () => datagrams(client, "first").length === 32 * 4);
        const portsOf = client.connections.map(
          ({ frames }) => new Set(ofRound(frames, "first").map(({ port }) => port)),
        );
        assert.equal(
          portsOf.reduce((sum, { size }) => sum + size, 0),
          32,
          "each flow has one connection",
        );
        assert.ok(portsOf.every(({ size }) => size > 0));
        for (const { frames } of client.connections) assertInOrder(ofRound(frames, "first"));
        client.connections[2]?.vanish();
        await vpn.waitForEvent("peer.connection-lost");
        await sendDatagrams(namespace, "second");
        await waitFor("all datagrams", () => datagrams(client, "second").length === 32 * 4);
      });
    });
  });
}

interface Datagram {
  readonly port: number;
  readonly text: string;
}

/** Four datagrams to each of 32 ports, the four by one socket: a flow. */
async function sendDatagrams(namespace: Site["namespace"], round: string): Promise<void> {
  const perPort = `exec {fd}<>/dev/udp/${ADDRESS}/$p; for i in 1 2 3 4; do echo ${round} $i >&$fd; done; exec {fd}>&-`;
  await namespace.run(["bash", "-c", `for p in {5001..5032}; do ${perPort}; done`]);
}

function ofRound(frames: readonly Buffer[], round: string): readonly Datagram[] {
  return frames
    .filter((frame) => frame.length > UDP_PAYLOAD_AT && frame.readUInt16BE(12) === 0x0800)
    .map((frame) => ({ port: frame.readUInt16BE(UDP_PORT_AT), text: frame.toString("utf8", UDP_PAYLOAD_AT).trim() }))
    .filter(({ text }) => text.startsWith(round));
}

function datagrams({ connections }: Client, round: string): readonly Datagram[] {
  return connections.flatMap(({ frames }) => ofRound(frames, round));
}

function assertInOrder(datagrams: readonly Datagram[]): void {
  for (const { port } of datagrams) {
    const numbers = datagrams.filter((one) => one.port === port).map(({ text }) => Number(text.split(" ")[1]));
    assert.deepEqual(numbers, [1, 2, 3, 4]);
  }
}
