/** A server and three devices whose connections come and go at random, beside a naive model of who is there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { waitFor } from "../../lab/wait.ts";
import { MAX_SESSION_CONNECTIONS } from "../../src/wire/session-claim.ts";
import { encodeUwsgi } from "../../src/wire/uwsgi.ts";
import { HandClock } from "../hand-clock.ts";
import { type Loopback, startLoopbackServer } from "../loopback-server.ts";
import { RawPeer } from "../raw-peer.ts";
import { RecordingLog } from "../recording-log.ts";
import { V2Peer } from "../v2-peer.ts";

const HOLD_MS = 100;
const DEVICES = 3;

interface Step {
  readonly kind: "begin" | "claim" | "lose" | "bye" | "kill" | "expire";
  readonly device: number;
  readonly number: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("begin", "claim", "claim", "claim", "lose", "lose", "bye", "kill", "expire"),
  device: fc.integer({ min: 0, max: DEVICES - 1 }),
  number: fc.integer({ min: 0, max: MAX_SESSION_CONNECTIONS - 1 }),
});

/** A device, and what the model knows of its session. */
class Device {
  readonly mac: string;
  token: string | undefined;
  id: number | undefined;
  readonly open = new Map<number, V2Peer>();

  constructor(index: number) {
    this.mac = `02:00:00:00:00:0${index}`;
  }

  forget(): void {
    for (const connection of this.open.values()) connection.vanish();
    this.open.clear();
    this.id = undefined;
  }
}

class World {
  readonly clock = new HandClock();
  readonly devices = Array.from({ length: DEVICES }, (_, index) => new Device(index));
  readonly #serving: Loopback;
  readonly #timersAtRest: number;
  #lastId = 0;

  private constructor(serving: Loopback, clock: HandClock) {
    this.#serving = serving;
    this.clock = clock;
    this.#timersAtRest = clock.timers;
  }

  static async make(): Promise<World> {
    const clock = new HandClock();
    return new World(await startLoopbackServer(new RecordingLog(), { clock, holdMs: HOLD_MS }), clock);
  }

  async run({ kind, device: index, number }: Step): Promise<void> {
    const device = this.devices[index] as Device;
    if (kind === "begin" && device.open.size === 0) await this.#begin(device);
    else if (kind === "claim" && device.token !== undefined) await this.#claim(device, number);
    else if (kind === "lose") {
      device.open.get(number)?.vanish();
      device.open.delete(number);
    } else if (kind === "bye" && device.open.size > 0) await this.#bye(device);
    else if (kind === "kill" && device.id !== undefined) await this.#kill(device);
    else if (kind === "expire") this.#expire();
    await this.#settled();
  }

  /** Nothing is left when all have gone and the last hold is over. */
  async end(): Promise<void> {
    for (const device of this.devices) device.open.forEach((connection) => void connection.vanish());
    for (const device of this.devices) device.open.clear();
    await this.#settled();
    this.#expire();
    await this.#settled();
    assert.equal(this.clock.timers, this.#timersAtRest, "no timer is left");
    await this.#serving.server.stop();
  }

  async #begin(device: Device): Promise<void> {
    const connection = await V2Peer.join(this.#serving.address, { mac: device.mac });
    device.token = await connection.token();
    device.open.set(0, connection);
    device.id = ++this.#lastId;
  }

  async #claim(device: Device, number: number): Promise<void> {
    const claim = { token: device.token as string, connection: number };
    const isThere = device.id !== undefined;
    if (!isThere && number > 0) {
      await assert.rejects(V2Peer.join(this.#serving.address, { mac: device.mac, claim }), /^Error: HTTP\/1\.1 410 /);
      return;
    }
    const connection = await V2Peer.join(this.#serving.address, { mac: device.mac, claim });
    if (isThere) assert.equal(await connection.token(), device.token);
    else device.id = ++this.#lastId;
    device.token = await connection.token();
    const replaced = device.open.get(number);
    device.open.set(number, connection);
    await replaced?.untilClosed();
    replaced?.vanish();
  }

  async #bye(device: Device): Promise<void> {
    const [first] = device.open.values();
    first?.close(1000);
    await first?.untilClosed();
    device.forget();
  }

  async #kill(device: Device): Promise<void> {
    const control = await RawPeer.open(this.#serving.address);
    control.send(encodeUwsgi(1, [["QUERY_STRING", `kill=${device.id}`]]));
    assert.match(await control.untilClosed(), /^HTTP\/1\.0 200 /);
    for (const connection of device.open.values()) await connection.untilClosed();
    device.forget();
  }

  #expire(): void {
    this.clock.advance(HOLD_MS);
    for (const device of this.devices) if (device.open.size === 0) device.id = undefined;
  }

  /** Until the server sees what the model says. */
  async #settled(): Promise<void> {
    const expected = this.devices
      .filter(({ id }) => id !== undefined)
      .map(({ id, mac, open }) => `${id} ${mac} ${open.size}`)
      .sort();
    const seen = (): string[] =>
      [...this.#serving.server.control.peers()].map(({ id, mac, connections }) => `${id} ${mac} ${connections}`).sort();
    const evidence = (): string => `${seen().join(", ")} instead of ${expected.join(", ")}`;
    await waitFor("the model's view", () => seen().join() === expected.join(), {
      pollMs: 1,
      timeoutMs: 2_000,
      evidence,
    });
  }
}

describe("a server whose clients come and go at random", () => {
  test("has a session for each, with one MAC and its id, as long as it should, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = await World.make();
        for (const one of steps) await world.run(one);
        await world.end();
      }),
      { numRuns: 40 },
    );
  });
});
