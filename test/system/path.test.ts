/** How true the emulated path is, on real TAPs: what is measured through it is what was asked of it. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { runIperf } from "../../lab/iperf.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { DIRECTION_DEFAULTS } from "../../lab/path/direction-settings.ts";
import type { Path } from "../../lab/path/path.ts";
import { type PingResult, percentile, runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";

/** What a device has received, and when that was read. */
interface Reading {
  readonly atMs: number;
  readonly frames: number;
  readonly wireBits: number;
}

/** Preamble, FCS and gap; the kernel counts the header, and no frame of a flood is short enough to be padded. */
const WIRE_OVERHEAD_BYTES = 24;

const FLOOD_SECONDS = 3;

/** Four standard deviations of a share that was seen this often: by the seed always the same, but frames are not. */
const tolerance = (share: number, count: number): number => 4 * Math.sqrt((share * (1 - share)) / count);

describe("an emulated path", { skip: await whyNoLab("iperf3", "ping") }, () => {
  let lab: Lab;
  let near: Namespace;
  let far: Namespace;
  let path: Path;

  before(async () => {
    lab = await Lab.open();
    near = await lab.namespace("near");
    far = await lab.namespace("far");
    path = await lab.path(near, far, {}, { seed: 4 });
  });
  after(() => lab.close());
  beforeEach(() => path.set({ ...DIRECTION_DEFAULTS, up: DIRECTION_DEFAULTS, down: DIRECTION_DEFAULTS }));

  async function ping(count: number, intervalSeconds: number): Promise<PingResult> {
    await runPing(near, { address: path.ipv4[1], count: 1, deadlineSeconds: 5 });
    return runPing(near, { address: path.ipv4[1], count, intervalSeconds });
  }

  async function read(): Promise<Reading> {
    const startMs = performance.now();
    const [{ stats64 }] = JSON.parse(await far.ip("-s", "-j", "link", "show", "dev", path.device[1]));
    const { bytes, packets } = stats64.rx;
    const wireBits = 8 * (bytes + WIRE_OVERHEAD_BYTES * packets);
    return { atMs: (startMs + performance.now()) / 2, frames: packets, wireBits };
  }

  function flood(bitsPerSecond: number, seconds = FLOOD_SECONDS): Promise<unknown> {
    const options = { direction: "up", seconds, udpBitsPerSecond: bitsPerSecond } as const;
    return runIperf(near, far, { address: path.ipv4[1], ...options });
  }

  for (const delayMs of [2, 7.3, 20]) {
    test(`a delay of ${delayMs} ms each way is true within a millisecond`, async () => {
      await path.set({ delayMs });
      const { timesMs } = await ping(150, 0.0073);
      const errorMs = percentile(timesMs, 0.5) - 2 * delayMs;
      assert.ok(Math.abs(errorMs) < 1, `off by ${errorMs} ms`);
    });
  }

  test("each direction has a delay of its own", async () => {
    await path.set({ up: { delayMs: 10 }, down: { delayMs: 25 } });
    const { timesMs } = await ping(50, 0.01);
    assert.ok(Math.abs(percentile(timesMs, 0.5) - 35) < 3, `${percentile(timesMs, 0.5)} ms`);
  });

  test("a rate is true within 2 %", async () => {
    const rate = 30e6;
    // A queue that keeps the line busy also when the sender is stopped for a moment.
    await path.set({ bitsPerSecond: rate, queueMs: 400 });
    const flooding = flood(2 * rate);
    await delay(800);
    const readings: Reading[] = [];
    for (let count = 0; count < 36; count++) {
      readings.push(await read());
      await delay(50);
    }
    await flooding;
    const measured = rateOf(readings);
    assert.ok(Math.abs(measured / rate - 1) < 0.02, `${(measured / 1e6).toFixed(2)} Mbit/s`);
  });

  test("a full queue delays by its size and no more", async () => {
    const [rate, queueMs, delayMs] = [10e6, 60, 5];
    await path.set({ delayMs, up: { bitsPerSecond: rate, queueMs } });
    const flooding = flood(2 * rate);
    await delay(500);
    const { timesMs } = await ping(100, 0.015);
    await flooding;
    const standingMs = percentile(timesMs, 0.5) - 2 * delayMs;
    assert.ok(standingMs > queueMs - 4 && standingMs < queueMs + 3, `${standingMs} ms of ${queueMs}`);
    const { peakQueuedBytes, queueDrops } = (await path.counters()).up;
    assert.ok(peakQueuedBytes <= (rate * queueMs) / 8_000, `${peakQueuedBytes} bytes waited`);
    assert.ok(queueDrops > 1_000);
  });

  test("frames are lost and doubled at the share asked for", async () => {
    await path.set({ up: { loss: 0.03, duplicate: 0.02 } });
    const [before, { up }] = [await read(), await path.counters()];
    await flood(20e6, 2);
    const [then, { up: now }] = [await read(), await path.counters()];
    const sent = now.enqueuedFrames - up.enqueuedFrames;
    const lost = (now.lostFrames - up.lostFrames) / sent;
    const doubled = (now.doubledFrames - up.doubledFrames) / (sent * 0.97);
    assert.ok(sent > 2_000);
    assert.ok(Math.abs(lost - 0.03) < tolerance(0.03, sent), `${lost} lost`);
    assert.ok(Math.abs(doubled - 0.02) < tolerance(0.02, sent), `${doubled} doubled`);
    assert.equal(then.frames - before.frames, sent * (1 - lost) + (now.doubledFrames - up.doubledFrames));
  });

  test("late frames are overtaken", async () => {
    await path.set({ up: { reorder: 0.1, reorderMs: 50 } });
    const { lateFrames } = (await path.counters()).up;
    let overtaken = 0;
    for (let burst = 0; burst < 4; burst++) overtaken += countOvertaken(await pingAtOnce(100));
    // The last of a burst has nobody behind it.
    const late = (await path.counters()).up.lateFrames - lateFrames;
    assert.ok(overtaken <= late && overtaken >= late - 4, `${overtaken} of ${late} late ones were overtaken`);
    assert.ok(Math.abs(overtaken / 400 - 0.1) < tolerance(0.1, 400), `${overtaken} of 400`);
  });

  /** Numbers of the replies as they come; the requests leave at once, so that each late one is overtaken by all behind it. */
  async function pingAtOnce(count: number): Promise<readonly number[]> {
    const { stdout } = await near.run(["ping", "-n", "-l", `${count}`, "-c", `${count}`, "-w", "3", path.ipv4[1]]);
    return [...stdout.matchAll(/icmp_seq=(\d+)/g)].map(([, sequence]) => Number(sequence));
  }

  test("during a cut nothing passes, and all does afterwards", async () => {
    await path.set({ delayMs: 5 });
    const pinging = near.run(["ping", "-n", "-D", "-c", "150", "-i", "0.01", "-w", "2", path.ipv4[1]], {
      allowFailure: true,
    });
    await delay(500);
    await path.cut(400);
    const { stdout } = await pinging;
    const timesMs = [...stdout.matchAll(/^\[([\d.]+)\]/gm)].map(([, seconds]) => 1_000 * Number(seconds));
    const gapsMs = timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? 0));
    const [longest = 0, next = 0] = gapsMs.sort((a, b) => b - a);
    assert.ok(longest > 395 && longest < 480, `${longest} ms without a reply`);
    assert.ok(next < 150, `and ${next} ms`);
  });

  test("a client that roams has its new address and no longer the old one, and keeps its routes", async () => {
    await near.ip("route", "add", "10.99.0.0/24", "via", path.ipv4[1], "dev", path.device[0]);
    const old = path.ipv4[0];
    await path.changeAddress(0, 77);
    assert.equal(path.ipv4[0], old.replace(/\d+$/, "77"));
    for (const address of [path.ipv4[0], path.ipv6[0]])
      assert.equal((await runPing(far, { address, count: 2, deadlineSeconds: 5 })).received, 2, address);
    assert.equal((await runPing(far, { address: old, count: 1, deadlineSeconds: 1 })).received, 0);
    assert.match(await near.ip("route", "show", "10.99.0.0/24"), /via 10\.77/);
  });

  test("what cannot be is refused with the reason", async () => {
    await assert.rejects(path.set({ loss: 2 }), /loss is a share/);
  });
});

function countOvertaken(numbers: readonly number[]): number {
  let last = 0;
  return numbers.filter((number) => {
    last = Math.max(last, number);
    return number < last;
  }).length;
}

/** Bits per second between readings half of them apart; by the median, because this process may be stopped for a while. */
function rateOf(readings: readonly Reading[]): number {
  const half = Math.floor(readings.length / 2);
  const rates = readings.slice(half).map((later, index) => {
    const earlier = readings[index] as Reading;
    return (1_000 * (later.wireBits - earlier.wireBits)) / (later.atMs - earlier.atMs);
  });
  return percentile(rates, 0.5);
}
