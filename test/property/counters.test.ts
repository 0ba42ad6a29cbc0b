/** Counters never lie: the counters of the server's ports beside what arrived, to the frame. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { waitFor } from "../../lab/wait.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { DropReason } from "../../src/base/drop-reason.ts";
import { Uplink } from "../../src/server/uplink.ts";
import type { Egress, Port } from "../../src/switch/port.ts";
import { SWITCH_DEFAULTS, Switch } from "../../src/switch/switch.ts";
import { makeConnectionDeps } from "../../src/transport/connection-deps.ts";
import { FrameSender } from "../../src/transport/frame-sender.ts";
import { Frame } from "../../src/wire/frame.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { maskBytes } from "../../src/wire/mask.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { Segmenter } from "../../src/wire/segment.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import type { Dialect } from "../../src/wire/websocket-decoder.ts";
import { superFrame } from "../contract/test-frames.ts";
import { addressed, ethernetFrame, Host } from "../host.ts";
import { asByteStream, StandInStream } from "../stand-in-stream.ts";
import { decodeMessages } from "../unit/transport/decoded-messages.ts";

const MACS = ["02:00:00:00:00:0f", "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"] as const;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const TARGETS = [...MACS, BROADCAST, "02:00:00:00:00:99", "00:00:00:00:00:00"] as const;

/** An egress as a peer's is, over a stream that is fast or slow by turns. */
class PeerEgress implements Egress {
  readonly stream = new StandInStream();
  readonly dialect: Dialect;
  readonly isQueue = true;
  readonly #sender: FrameSender;
  /** Told what became of frames that were taken. */
  onEgressDrop: (reason: DropReason, frames: number) => void = () => {};
  onSent: (frames: number, bytes: number) => void = () => {};

  constructor(dialect: Dialect, segmenter: Segmenter) {
    this.dialect = dialect;
    const shared = { ...makeConnectionDeps(systemClock, maskBytes, () => undefined), segmenter };
    this.#sender = new FrameSender(
      {
        shared,
        stream: asByteStream(this.stream),
        onDrop: () => {},
        onEgressDrop: (reason, frames) => this.onEgressDrop(reason, frames),
        onSent: (frames, bytes) => this.onSent(frames, bytes),
      },
      { role: "server", dialect, maxQueuedBytes: 180_000 },
    );
    if (dialect === "v2") this.#sender.peerOffloads = OFFLOAD_ALL;
  }

  deliver(frame: Frame): DropReason {
    return this.#sender.send(frame);
  }

  flush(): void {
    this.#sender.flush();
  }

  drain(): void {
    while (this.stream.writing) {
      this.stream.drain();
      this.#sender.drained();
    }
  }

  /** The frames that the peer was sent. */
  get frames(): Buffer[] {
    const prefixBytes = this.dialect === "v2" ? VNET_HEADER_BYTES : 0;
    return decodeMessages(this.stream.sent, "client", this.dialect).map((message) => message.subarray(prefixBytes));
  }
}

interface Sent {
  readonly from: number;
  readonly to: (typeof TARGETS)[number];
  readonly asSelf: boolean;
  /** Payload of a super-frame; 0: an ordinary frame. */
  readonly superBytes: number;
}

type Step =
  | ({ readonly kind: "frame" } & Sent)
  | { readonly kind: "flush" }
  | { readonly kind: "speed"; readonly peer: number; readonly isFast: boolean };

const peer = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("frame" as const),
      from: peer,
      to: fc.constantFrom(...TARGETS),
      asSelf: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      superBytes: fc.constantFrom(0, 0, 1_500, 3_000, 30_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("speed" as const), peer, isFast: fc.boolean() }) },
);

function bytesOf({ from, to, asSelf, superBytes }: Sent): Buffer {
  const source = asSelf ? (MACS[from] as string) : "02:00:00:00:00:77";
  if (superBytes > 0) return addressed(superFrame(superBytes), to, source);
  return Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), ethernetFrame(to, source, "x".repeat(60))]);
}

function bytesIn(frames: readonly Buffer[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

/** The ports that are offered the frame: none, one, or all others. */
function offeredTo({ from, to, asSelf }: Sent): number[] {
  if (!asSelf || to === MACS[from]) return [];
  if (to === BROADCAST) return [0, 1, 2, 3].filter((port) => port !== from);
  const index = (MACS as readonly string[]).indexOf(to);
  return index < 0 ? [] : [index];
}

/** The TAP and three peers at one switch, and what each port should have counted. */
class Room {
  readonly lan = new Switch({ clock: systemClock }, { ...SWITCH_DEFAULTS, hashSeed: 5 });
  readonly host = new Host("uplink", MACS[0], { queueFrames: 24, queueBytes: 128 * 1024 });
  readonly peers: readonly PeerEgress[];
  readonly ports: readonly Port[];
  readonly received = [0, 0, 0, 0];
  readonly receivedBytes = [0, 0, 0, 0];
  readonly offered = [0, 0, 0, 0];

  constructor() {
    const { lan, host } = this;
    const segmenter = new Segmenter({ headroom: 16 });
    const uplink = new Uplink({ device: host.device, switch: lan, segmenter }, { bridge: false });
    this.peers = (["v1", "v2", "v2"] as const).map((dialect) => new PeerEgress(dialect, segmenter));
    const attached = this.peers.map((egress, i) => {
      const mac = MACS[i + 1] as Mac;
      const port = lan.attach({ name: `peer ${i + 1}`, mac, bridge: false, egress }) as Port;
      egress.onEgressDrop = (reason, frames) => port.egressDrops.add(reason, frames);
      egress.onSent = (frames, bytes) => {
        port.sentFrames += frames;
        port.sentBytes += bytes;
      };
      return port;
    });
    this.ports = [uplink.port, ...attached];
  }

  take(one: Step): void {
    if (one.kind === "flush") this.lan.flush();
    else if (one.kind === "frame") this.#frame(one);
    else this.#peer(one.peer).stream.isFast = one.isFast;
    if (one.kind === "speed" && one.isFast) this.#peer(one.peer).drain();
  }

  #peer(index: number): PeerEgress {
    return this.peers[index - 1] as PeerEgress;
  }

  #frame(sent: Sent): void {
    const bytes = bytesOf(sent);
    (this.received[sent.from] as number)++;
    (this.receivedBytes[sent.from] as number) += bytes.length - VNET_HEADER_BYTES;
    for (const port of offeredTo(sent)) (this.offered[port] as number)++;
    this.lan.forward(this.ports[sent.from] as Port, new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true));
  }
}

test("whatever is sent, every frame is at its destination or in a drop counter, and counted once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
      const room = new Room();
      for (const one of steps) room.take(one);
      room.lan.flush();
      for (const egress of room.peers) egress.drain();
      const { ports, host } = room;
      assert.deepEqual(
        ports.map((port) => port.receivedFrames),
        room.received,
      );
      assert.deepEqual(
        ports.map((port) => port.receivedBytes),
        room.receivedBytes,
      );
      assert.deepEqual(
        ports.map((port) => port.sentFrames + port.egressDrops.total),
        room.offered,
      );
      const forwarded = steps.filter((one) => one.kind === "frame" && offeredTo(one).length > 0).length;
      const dropped = ports.reduce((sum, { ingressDrops }) => sum + ingressDrops.total, 0);
      assert.equal(
        forwarded + dropped,
        room.received.reduce((a, b) => a + b),
      );
      // What is counted as sent has arrived: by message at those who take super-frames, by frame at the host.
      const sent = room.peers.map(({ frames }) => frames);
      for (const i of [1, 2]) assert.equal(sent[i]?.length, ports[i + 1]?.sentFrames);
      assert.ok((sent[0]?.length ?? 0) >= (ports[1]?.sentFrames ?? 0));
      for (const [i, frames] of sent.entries()) assert.equal(bytesIn(frames), ports[i + 1]?.sentBytes);
      const sentToHost = ports[0]?.sentFrames ?? 0;
      await waitFor("the host's frames", () => host.frames.length >= sentToHost, { pollMs: 1 });
      assert.equal(host.frames.length, sentToHost);
      assert.equal(bytesIn(host.frames), ports[0]?.sentBytes);
    }),
    { numRuns: 80 },
  );
});
