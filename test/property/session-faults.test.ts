/**
 * Sessions under faults, against a model of a few lines: clients that vanish, come back, double, restart, misbehave and sleep,
 * in a random order that is the same in each run. After each fault the server's peers are the model's, each with its
 * connections, and frames pass both ways.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RandomNumbers } from "../../lab/path/random-numbers.ts";
import { waitFor } from "../../lab/wait.ts";
import { SERVER_DEFAULTS } from "../../src/server/server-options.ts";
import { HandClock } from "../hand-clock.ts";
import { ethernetFrame, Host } from "../host.ts";
import { type Loopback, startLoopbackServer } from "../loopback-server.ts";
import { RawPeer } from "../raw-peer.ts";
import { RecordingLog } from "../recording-log.ts";
import { V2Peer } from "../v2-peer.ts";

const FAULTS = 600;
const CLIENTS = 6;
const CONNECTIONS = 4;
const UPLINK = "02:00:00:00:00:ff";

/** Between two faults; a client that says something each time is not taken for dead. */
const STEP_MS = 250;

/** Longer than a silent connection lives and a session is held, together. */
const SLEEP_MS = 10_000 + SERVER_DEFAULTS.holdMs;

/** What the server should know of a client. */
class Client {
  readonly mac: string;
  /** Undefined while it has no session. */
  token: string | undefined;
  readonly connections = new Map<number, V2Peer>();
  heldForMs = 0;

  constructor(index: number) {
    this.mac = `02:00:00:00:00:0${index}`;
  }

  /** All its connections are cut. */
  vanish(): void {
    for (const peer of this.connections.values()) peer.vanish();
    this.connections.clear();
  }

  /** Its session is over. */
  forget(): void {
    this.vanish();
    this.token = undefined;
  }
}

const random = new RandomNumbers(20_261_123);
const pick = (below: number): number => Math.floor(random.next() * below);
const clock = new HandClock(1_000);
const uplink = new Host("uplink", UPLINK);
const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(index));
let serving: Loopback;
let frames = 0;

before(async () => {
  serving = await startLoopbackServer(new RecordingLog(), { device: uplink.device, clock });
});
after(async () => {
  for (const client of clients) client.forget();
  await serving?.server.stop();
});

async function join(client: Client, number: number): Promise<void> {
  const { mac, token } = client;
  const claim = token === undefined ? undefined : { token, connection: number };
  const peer = await V2Peer.join(serving.address, { mac, claim });
  const given = await peer.token();
  if (token !== undefined) assert.equal(given, token, "the session that was claimed");
  client.connections.get(number)?.raw.destroy();
  client.connections.set(number, peer);
  client.heldForMs = 0;
  client.token = given;
}

/** Time passes; a session that waited too long for its client is over. */
function pass(byMs: number): void {
  clock.advance(byMs);
  for (const client of clients) {
    client.heldForMs = client.connections.size > 0 ? 0 : client.heldForMs + byMs;
    if (client.heldForMs >= SERVER_DEFAULTS.holdMs) client.forget();
  }
}

/** One of the client's connections that are open. */
function anyConnection({ connections }: Client): readonly [number: number, peer: V2Peer] | undefined {
  return [...connections][pick(connections.size)];
}

/** Each does something to a client as it finds it. */
const faults: Readonly<Record<string, (client: Client) => unknown>> = {
  join: (client) => (client.token === undefined ? join(client, 0) : undefined),
  claim: (client) => (client.token === undefined ? join(client, 0) : join(client, pick(CONNECTIONS))),
  vanish: (client) => {
    const [number, peer] = anyConnection(client) ?? [];
    peer?.vanish();
    if (number !== undefined) client.connections.delete(number);
  },
  vanishWhole: (client) => client.vanish(),
  restart: async (client) => {
    client.vanish();
    await isConsistent();
    client.token = undefined;
    await join(client, 0);
  },
  goodbye: async (client) => {
    const [, peer] = anyConnection(client) ?? [];
    await peer?.close(1000).untilClosed();
    if (peer !== undefined) client.forget();
  },
  breach: async (client) => {
    const [, peer] = anyConnection(client) ?? [];
    peer?.raw.send(Buffer.from("f280", "hex"));
    await peer?.untilClosed();
    if (peer !== undefined) client.forget();
  },
  /** Somebody else's token is worth nothing. */
  steal: async (client) => {
    const victim = clients[pick(CLIENTS)] as Client;
    if (victim === client || victim.token === undefined) return;
    const claim = { token: victim.token, connection: 1 };
    await assert.rejects(V2Peer.join(serving.address, { mac: client.mac, claim }), /^Error: HTTP\/1\.1 410 /);
  },
  garbage: async () => {
    const raw = await RawPeer.open(serving.address);
    raw.send(Uint8Array.from({ length: 1 + pick(200) }, () => pick(256)));
    raw.destroy();
  },
  sleep: async () => {
    if (pick(10) > 0) return;
    pass(SLEEP_MS);
    for (const client of clients) client.vanish();
    await isConsistent();
    pass(SLEEP_MS);
  },
};

/** Waits until the server's peers are the model's sessions, with as many connections each. */
async function isConsistent(): Promise<void> {
  const expected = clients
    .filter(({ token }) => token !== undefined)
    .map(({ mac, connections }) => `${mac} ${connections.size}`);
  const found = (): readonly string[] =>
    [...serving.server.control.peers()]
      .filter(({ kind }) => kind === "peer")
      .map(({ mac, connections }) => `${mac} ${connections}`)
      .sort();
  const evidence = (): string => `the server has ${found().join(", ")}; not ${expected.join(", ")}`;
  await waitFor("the server's peers", () => found().join() === expected.join(), { pollMs: 1, evidence });
}

/** A frame by each connection to the uplink, and one back to each client by one of its connections. */
async function framesPass(): Promise<void> {
  const sent = clients.flatMap(({ mac, connections }) =>
    [...connections.values()].map((peer) => {
      const frame = ethernetFrame(UPLINK, mac, `up ${frames++}`);
      peer.send(frame);
      return frame;
    }),
  );
  for (const frame of sent) await uplink.until(frame);
  for (const { mac, connections } of clients) {
    if (connections.size === 0) continue;
    const frame = uplink.frameTo(mac, `down ${frames++}`);
    uplink.send(frame);
    const came = (): boolean => [...connections.values()].some((peer) => peer.frames.some((one) => one.equals(frame)));
    await waitFor(`a frame at ${mac}`, came, { pollMs: 1 });
    for (const peer of connections.values()) peer.frames.length = 0;
  }
  uplink.recorder.frames.length = 0;
}

test(`${FAULTS} faults of clients leave no session, port or address behind`, async (context) => {
  const names = Object.keys(faults);
  for (let fault = 0; fault < FAULTS; fault++) {
    const name = names[pick(names.length)] as string;
    const client = clients[pick(CLIENTS)] as Client;
    try {
      await faults[name]?.(client);
      await isConsistent();
      pass(STEP_MS);
      await framesPass();
    } catch (error) {
      context.diagnostic(`after fault ${fault}: ${name} of ${client.mac}`);
      throw error;
    }
  }
  for (const client of clients) client.forget();
  await waitFor("the losses", () => [...serving.server.control.peers()].every(({ connections }) => connections === 0));
  pass(SLEEP_MS);
  assert.deepEqual(
    Array.from(serving.server.control.peers(), ({ kind }) => kind),
    ["uplink"],
  );
});
