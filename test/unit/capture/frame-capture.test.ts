import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { compileFilter } from "../../../src/capture/filter.ts";
import { CAPTURE_DEFAULTS, FrameCapture, type FrameCaptureOptions } from "../../../src/capture/frame-capture.ts";
import type { CapturedPort } from "../../../src/capture/watched-port.ts";
import { Port } from "../../../src/switch/port.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { HandClock } from "../../hand-clock.ts";
import { type PcapngFile, readPcapng } from "../../pcapng-reader.ts";
import {
  naiveSegments,
  type Packet,
  partialChecksumBytes,
  type SuperFrame,
  superFrameBytes,
} from "../../property/super-frame.ts";
import { RecordingEgress } from "../../recording-egress.ts";

const START_MS = 1_700_000_000_000;

const PACKET: Packet = {
  ...{ vlanTags: [], ipVersion: 4, protocol: "tcp", ipv4Options: [], ipv6Extensions: [], tcpOptions: [] },
  ...{ source: [10, 0, 0, 1], destination: [10, 0, 0, 2], finalDestination: [10, 0, 0, 2] },
  ...{ identification: 1, sequence: 1, tcpFlags: 0x18, payload: Array.from({ length: 3_500 }, (_, i) => i & 0xff) },
};
const SUPER_FRAME: SuperFrame = { packet: PACKET, gsoSize: 1_000, ecn: false };

class Scene {
  readonly clock = new HandClock(5_000);
  readonly capture: FrameCapture;
  readonly egress = new RecordingEgress();
  closed = 0;
  readonly load = { isBusy: false, samples: 0 };
  #ids = 0;
  #taken: Buffer[] = [];

  constructor(filter = "", options: Partial<FrameCaptureOptions> = {}) {
    const compiled = compileFilter(filter);
    assert.ok(compiled.state === "good");
    const deps = { clock: this.clock, onClosed: () => void this.closed++, load: this.load };
    const complete = {
      ...CAPTURE_DEFAULTS,
      burstBytes: CAPTURE_DEFAULTS.ringBytes,
      filter: compiled.test,
      comment: "a test",
      snapBytes: 65_536,
      startMs: START_MS,
    };
    this.capture = new FrameCapture(deps, { ...complete, ...options });
  }

  /** Another port, watched. */
  port(name: string): CapturedPort {
    this.#ids++;
    const port = new Port(this.#ids, { name, mac: undefined, bridge: false, egress: this.egress });
    const captured = { port, id: String(this.#ids), name, description: "network lan" };
    this.capture.watch(captured);
    return captured;
  }

  /** Takes what there is, in pieces of so many bytes. */
  take(pieceBytes = 65_536): void {
    for (let piece = this.capture.take(pieceBytes); piece !== undefined; piece = this.capture.take(pieceBytes)) {
      assert.ok(piece.length > 0 && piece.length <= pieceBytes);
      this.#taken.push(Buffer.from(piece));
    }
  }

  /** All that was taken so far. */
  file(pieceBytes?: number): PcapngFile {
    this.take(pieceBytes);
    return readPcapng(Buffer.concat(this.#taken));
  }
}

function frameOf(bytes: readonly number[], hasVnetHeader = false): Frame {
  const all = Uint8Array.from(bytes);
  return new Frame(all).set(all, hasVnetHeader ? 10 : 0, all.length, hasVnetHeader);
}

/** An Ethernet frame whose payload tells it apart. */
const plain = (tag: number, length = 60): Frame =>
  frameOf([...new Array<number>(12).fill(2), 0x88, 0xb5, ...new Array<number>(length - 14).fill(tag)]);
const tagOf = ({ bytes }: { readonly bytes: Buffer }): number => bytes[20] as number;

describe("a capture", () => {
  test("writes frames of its ports with name, direction, time and drop reason", () => {
    const scene = new Scene();
    const ada = scene.port("peer 1 ada");
    const bob = scene.port("peer 2");
    ada.port.observer?.received(plain(1), Drop.none);
    scene.clock.advance(1.25);
    bob.port.give(plain(2));
    ada.port.observer?.received(plain(3), Drop.arpSpoof);
    bob.port.withhold(plain(4), Drop.rateDown);
    const { packets, interfaces, comment } = scene.file();
    assert.equal(comment, "a test");
    assert.deepEqual(
      interfaces.map(({ name, description }) => `${name}, ${description}`),
      ["peer 1 ada, network lan", "peer 2, network lan"],
    );
    assert.deepEqual(
      packets.map((packet) => [packet.interface.name, packet.direction, tagOf(packet), packet.comment]),
      [
        ["peer 1 ada", "in", 1, ""],
        ["peer 2", "out", 2, ""],
        ["peer 1 ada", "in", 3, "dropped: arp-spoof"],
        ["peer 2", "out", 4, "dropped: rate-down"],
      ],
    );
    assert.deepEqual(
      packets.map(({ timeUs }) => timeUs - START_MS * 1_000),
      [0, 1_250, 1_250, 1_250],
    );
  });

  test("keeps what its filter lets pass, as much of it as it should", () => {
    const scene = new Scene("greater 100", { snapBytes: 70 });
    const { port } = scene.port("peer 1");
    port.give(plain(1));
    port.give(plain(2, 200));
    const [packet, ...others] = scene.file().packets;
    assert.equal(others.length, 0);
    assert.equal(packet?.originalBytes, 200);
    assert.deepEqual([packet?.bytes.length, packet?.interface.snapBytes, packet && tagOf(packet)], [70, 70, 2]);
  });

  test("takes super-frames apart and completes checksums, as tools expect it", () => {
    const scene = new Scene();
    const { port } = scene.port("uplink lab0");
    port.give(frameOf(superFrameBytes(SUPER_FRAME), true));
    const short = { ...PACKET, payload: [1, 2, 3] };
    port.give(frameOf(partialChecksumBytes(short), true));
    const expected = [...naiveSegments(SUPER_FRAME), ...naiveSegments({ packet: short, gsoSize: 1_000, ecn: false })];
    assert.deepEqual(
      scene.file().packets.map(({ bytes }) => [...bytes]),
      expected,
    );
  });

  test("cuts segments to the length that is kept", () => {
    const scene = new Scene("", { snapBytes: 300 });
    const { port } = scene.port("uplink lab0");
    port.give(frameOf(superFrameBytes(SUPER_FRAME), true));
    const { packets } = scene.file();
    assert.deepEqual(
      packets.map(({ bytes, originalBytes }) => [bytes.length, originalBytes]),
      [...new Array(3).fill([300, 1_054]), [300, 554]],
    );
    assert.deepEqual([...(packets[1]?.bytes ?? [])], naiveSegments(SUPER_FRAME)[1]?.slice(0, 300));
  });

  test("keeps no more than headers of segments where little more is wanted", () => {
    const scene = new Scene("", { snapBytes: 200, ringBytes: 512 });
    const { port } = scene.port("uplink lab0");
    port.give(frameOf(superFrameBytes(SUPER_FRAME), true));
    assert.equal(scene.capture.lostFrames, 0);
    const { packets } = scene.file();
    assert.deepEqual(
      packets.map(({ bytes, originalBytes }) => [bytes.length, originalBytes]),
      [...new Array(3).fill([54, 1_054]), [54, 554]],
    );
    const upToChecksum = naiveSegments(SUPER_FRAME).map((segment) => segment.slice(0, 50));
    assert.deepEqual(
      packets.map(({ bytes }) => [...bytes.subarray(0, 50)]),
      upToChecksum,
    );
  });

  test("writes a super-frame as it is if it says what no kernel would", () => {
    const scene = new Scene();
    const { port } = scene.port("uplink lab0");
    const payload = new Array<number>(60_000).fill(7);
    port.give(frameOf(superFrameBytes({ packet: { ...PACKET, payload }, gsoSize: 1, ecn: false }), true));
    // As many segments take all of the budget for a while.
    scene.clock.advance(60_000);
    port.give(frameOf(superFrameBytes({ packet: PACKET, gsoSize: 0, ecn: false }), true));
    assert.deepEqual(
      scene.file().packets.map(({ bytes }) => bytes.length),
      [60_054, 3_554],
    );
  });

  test("is the same file in whatever pieces it is taken", () => {
    const files = [7, 100, 4_096, 1_048_576].map((pieceBytes) => {
      const scene = new Scene();
      const { port } = scene.port("uplink lab0");
      for (let i = 0; i < 60; i++) port.give(i % 3 === 0 ? frameOf(superFrameBytes(SUPER_FRAME), true) : plain(i));
      return scene.file(pieceBytes);
    });
    assert.equal(files[0]?.packets.length, 120);
    for (const file of files) assert.deepEqual(file, files[0]);
  });

  test("loses the newest frames while nobody takes the others, and says how many and where", () => {
    const scene = new Scene("", { ringBytes: 1_024 });
    const one = scene.port("peer 1");
    const other = scene.port("peer 2");
    for (let i = 0; i < 20; i++) one.port.give(plain(i));
    other.port.give(plain(99));
    assert.equal(scene.egress.frames.length, 21, "forwarding went on");
    const kept = scene.capture.keptFrames;
    assert.ok(kept > 5 && kept < 20);
    assert.equal(scene.capture.lostFrames, 21 - kept);
    scene.take();
    scene.clock.advance(1_000);
    one.port.give(plain(50));
    const { packets, statistics } = scene.file();
    assert.deepEqual(packets.map(tagOf), [...Array.from({ length: kept }, (_, i) => i), 50]);
    assert.equal(packets.at(-1)?.lostBefore, 20 - kept);
    assert.deepEqual(
      statistics.map(({ interface: { name }, received, dropped }) => [name, received, dropped]),
      [
        ["peer 1", 20, 20 - kept],
        ["peer 2", 1, 1],
      ],
    );
    assert.match(statistics[0]?.comment ?? "", /^\d+ frames lost: there were more than a capture takes$/);
  });

  test("takes less while there is other work", () => {
    const scene = new Scene();
    const { port } = scene.port("peer 1");
    scene.load.isBusy = true;
    for (let i = 0; i < 10_000; i++) port.give(plain(i, 1_000));
    const { keptFrames } = scene.capture;
    assert.ok(keptFrames > 0 && keptFrames * 1_000 < CAPTURE_DEFAULTS.busyBytesPerSecond, String(keptFrames));
    scene.load.isBusy = false;
    scene.load.samples++;
    port.give(plain(10_000, 1_000));
    assert.equal(scene.capture.keptFrames, keptFrames + 1);
  });

  test("takes no more into the ring than its budget, however fast it is fetched", () => {
    const scene = new Scene("", { ringBytes: 65_536, bytesPerSecond: 65_536, burstBytes: 65_536 });
    const { port } = scene.port("peer 1");
    const keptOf = (frames: number): number => {
      const before = scene.capture.keptFrames;
      for (let i = 0; i < frames; i++) {
        port.give(plain(i));
        scene.take();
      }
      return scene.capture.keptFrames - before;
    };
    const burst = keptOf(1_000);
    assert.ok(burst > 50 && burst < 200, `${burst} frames`);
    scene.clock.advance(500);
    const half = keptOf(1_000);
    assert.ok(Math.abs(half - burst / 2) <= 1, `${half} frames`);
  });

  test("looks at ports that come, and tells at last what it saw of those that left", () => {
    const scene = new Scene();
    const one = scene.port("peer 1");
    one.port.give(plain(1));
    scene.take();
    one.port.give(plain(2));
    scene.capture.unwatch(one.id);
    assert.equal(one.port.observer, undefined);
    one.port.give(plain(3));
    const silent = scene.port("peer 2");
    scene.capture.unwatch(silent.id);
    const other = scene.port("peer 3");
    other.port.give(plain(4));
    const { packets, interfaces, statistics } = scene.file();
    assert.deepEqual(packets.map(tagOf), [1, 2, 4]);
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ["peer 1", "peer 3"],
    );
    assert.deepEqual(
      statistics.map(({ interface: { name }, received, accepted }) => [name, received, accepted]),
      [["peer 1", 2, 2]],
    );
  });

  test("tells its reader soon when there is something, once", () => {
    const scene = new Scene();
    const { port } = scene.port("peer 1");
    let calls = 0;
    const wait = (): void => scene.capture.onReadable(() => calls++);
    wait();
    assert.equal(calls, 0, "never from within");
    scene.clock.advance(250);
    assert.equal(calls, 1, "the beginning of the file");
    scene.take();
    wait();
    scene.clock.advance(10_000);
    assert.equal(calls, 1);
    for (let i = 0; i < 100; i++) port.give(plain(i));
    assert.equal(scene.clock.timers, 1);
    scene.clock.advance(250);
    assert.equal(calls, 2);
    scene.capture.close();
    assert.equal(scene.clock.timers, 0);
  });

  test("ends with what is there, and leaves no observer behind", () => {
    const scene = new Scene();
    const { port } = scene.port("peer 1");
    port.give(plain(1));
    let called = false;
    scene.capture.end();
    scene.capture.end();
    assert.equal(port.observer, undefined);
    port.give(plain(2));
    assert.equal(scene.capture.isOver, false);
    const { packets, statistics } = scene.file();
    assert.deepEqual(packets.map(tagOf), [1]);
    assert.equal(statistics.length, 1);
    assert.equal(scene.capture.isOver, true);
    scene.capture.onReadable(() => {
      called = true;
    });
    scene.clock.advance(250);
    assert.equal(called, true);
    scene.capture.close();
    scene.capture.close();
    assert.equal(scene.closed, 1);
  });

  test("that is closed is over at once", () => {
    const scene = new Scene();
    const { port } = scene.port("peer 1");
    port.give(plain(1));
    scene.capture.close();
    assert.deepEqual([port.observer, scene.capture.isOver, scene.capture.take(100)], [undefined, true, undefined]);
  });
});
