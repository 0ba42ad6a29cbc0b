/** What becomes of frames that are too large for a port, as the switch delivers them. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { Port } from "../../../src/switch/port.ts";
import type { PortGuard } from "../../../src/switch/port-guard.ts";
import { SWITCH_DEFAULTS, Switch } from "../../../src/switch/switch.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { HandClock } from "../../hand-clock.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { RecordingEgress } from "../../recording-egress.ts";

const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const C = "02:00:00:00:00:0c" as Mac;
const UNKNOWN = "02:00:00:00:02:02" as Mac;
const BROADCAST = "ff:ff:ff:ff:ff:ff";

const DONT_FRAGMENT = "4000";
const MAY_FRAGMENT = "0000";
const TCP = "06";
const UDP = "11";

const hex16 = (value: number): string => value.toString(16).padStart(4, "0");

/** An IPv4 packet of `length` bytes in a frame. */
function ipv4(
  to: string,
  from: string,
  length: number,
  { flags = DONT_FRAGMENT, protocol = UDP, upper = "" } = {},
): Buffer {
  const link = `${to}${from}0800`.replaceAll(":", "");
  const header = `4500${hex16(length)}0001${flags}40${protocol}00000a0900010a090002`;
  const frame = Buffer.alloc(14 + length, 0x33);
  frame.set(Buffer.from(link + header + upper, "hex"));
  return frame;
}

/** A SYN with an MSS of 1460 and a checksum field of zero. */
const syn = (to: string, from: string): Buffer =>
  ipv4(to, from, 44, { protocol: TCP, upper: "9c4000500000000100000000" + "6002faf000000000" + "020405b4" });

const mssOf = (frame: Buffer): number => frame.readUInt16BE(frame.length - 2);
const dropOf = (port: Port): number => port.egressDrops.get(Drop.tooBig);

/** Virtio-net header and super-frame: TCP over IPv4, segments of `gsoSize` bytes. */
function superFrame(to: string, from: string, gsoSize: number, flags = DONT_FRAGMENT): Buffer {
  const upper = "9c4000500000000100000001" + "5010faf000000000";
  const frame = ipv4(to, from, 40 + 4_000, { flags, protocol: TCP, upper });
  const vnet = Buffer.from(`0101${"3600"}00002200${"1000"}`, "hex"); // NEEDS_CSUM, TCPv4, 54 of headers, csum 34 + 16
  vnet.writeUInt16LE(gsoSize, 4);
  return Buffer.concat([vnet, frame]);
}

describe("frames too large for a port", () => {
  let clock: HandClock;
  let lan: Switch;
  let a: Port;
  let b: Port;
  let atA: RecordingEgress;
  let atB: RecordingEgress;

  function attach(mac: Mac, egress: RecordingEgress, bridge = false): Port {
    const port = lan.attach({ name: mac, mac, bridge, egress });
    assert.ok(port);
    return port;
  }

  function forward(port: Port, bytes: Buffer, vnetBytes = 0): void {
    lan.forward(port, new Frame(bytes).set(bytes, vnetBytes, bytes.length, vnetBytes > 0));
    lan.flush();
  }

  beforeEach(() => {
    clock = new HandClock();
    lan = new Switch({ clock }, { ...SWITCH_DEFAULTS, hashSeed: 42 });
    atA = new RecordingEgress();
    atB = new RecordingEgress();
    a = attach(A, atA);
    b = attach(B, atB);
    b.limitMtu(1300);
  });

  test("one that is as large as the port takes passes, one byte more is answered", () => {
    forward(a, ipv4(B, A, 1300));
    assert.deepEqual([atB.frames.length, atA.frames.length], [1, 0]);
    forward(a, ipv4(B, A, 1301));
    assert.deepEqual([atB.frames.length, atA.frames.length], [1, 1]);
    const [answer] = atA.frames as [Buffer];
    assert.equal(answer.toString("hex", 0, 14), `${A}${B}0800`.replaceAll(":", ""));
    assert.deepEqual([answer[34], answer[35], answer.readUInt16BE(40)], [3, 4, 1300]);
    assert.deepEqual([dropOf(b), a.tooBigAnswers, a.sentFrames, b.sentFrames], [1, 1, 1, 1]);
    assert.deepEqual(atA.batches, [1], "the answer is sent at once");
  });

  test("VLAN tags do not count", () => {
    const tagged = (length: number): Buffer => {
      const frame = ipv4(B, A, length);
      return Buffer.concat([frame.subarray(0, 12), Buffer.from("88a8000581000006", "hex"), frame.subarray(12)]);
    };
    forward(a, tagged(1300));
    forward(a, tagged(1301));
    assert.deepEqual([atB.frames.length, dropOf(b)], [1, 1]);
    assert.equal(atA.frames[0]?.toString("hex", 12, 22), "88a80005810000060800");
  });

  test("no guard keeps the answer from its port, and none is given to what a guard forbids", () => {
    const refuse = (): typeof Drop.aclDenied => Drop.aclDenied;
    const pass = (): typeof Drop.none => Drop.none;
    const guard: PortGuard = { inspect: pass, admitSource: pass, admitUnknown: pass, permit: refuse };
    a.guard = guard;
    forward(a, ipv4(B, A, 1400));
    assert.equal(atA.frames.length, 1);
    b.guard = guard;
    forward(a, ipv4(B, A, 1400));
    assert.equal(atA.frames.length, 1);
    assert.equal(b.egressDrops.get(Drop.aclDenied), 1);
  });

  test("answers are 50 at once and 100 a second", () => {
    for (let i = 0; i < 100; i++) forward(a, ipv4(B, A, 1400));
    assert.equal(a.tooBigAnswers, 50);
    clock.advance(100);
    for (let i = 0; i < 100; i++) forward(a, ipv4(B, A, 1400));
    assert.equal(a.tooBigAnswers, 60);
    assert.equal(dropOf(b), 200);
  });

  test("an IPv4 packet that may be fragmented is, and the fragments leave in one flush", () => {
    forward(a, ipv4(B, A, 3_000, { flags: MAY_FRAGMENT }));
    assert.deepEqual(
      atB.frames.map(({ length }) => length - 14),
      [1300, 1300, 440],
    );
    assert.deepEqual([b.sentFrames, b.sentFragments, dropOf(b), a.tooBigAnswers], [3, 3, 0, 0]);
    assert.deepEqual(atB.batches, [3]);
  });

  test("a super-frame passes if its segments do, whatever its kernel says of its headers", () => {
    const fits = superFrame(B, A, 1260);
    fits.writeUInt16LE(2_000, 2);
    forward(a, fits, VNET_HEADER_BYTES);
    assert.deepEqual([atB.frames.length, dropOf(b)], [1, 0]);
    forward(a, superFrame(B, A, 1261), VNET_HEADER_BYTES);
    assert.deepEqual([atB.frames.length, dropOf(b), a.tooBigAnswers], [1, 1, 1]);
  });

  test("the segments of a super-frame that may be fragmented are", () => {
    forward(a, superFrame(B, A, 2_000, MAY_FRAGMENT), VNET_HEADER_BYTES);
    assert.deepEqual(
      atB.frames.map(({ length }) => length - 14),
      [1300, 760, 1300, 760],
    );
  });

  test("what is neither IP nor small is dropped and counted", () => {
    forward(a, Buffer.concat([Buffer.from(`${B}${A}88b5`.replaceAll(":", ""), "hex"), Buffer.alloc(1301)]));
    assert.deepEqual([dropOf(b), a.tooBigAnswers, atB.frames.length], [1, 0, 0]);
  });

  test("a broadcast reaches those that take it, and has no answer", () => {
    const atC = new RecordingEgress();
    attach(C, atC);
    forward(a, ipv4(BROADCAST, A, 1400));
    assert.deepEqual([atB.frames.length, atC.frames.length, atA.frames.length, dropOf(b)], [0, 1, 0, 1]);
  });

  test("of bridges that may have an unknown destination none speaks for it while another takes the frame", () => {
    const [one, other] = [C, "02:00:00:00:00:0d" as Mac].map((mac) => attach(mac, new RecordingEgress(), true));
    (one as Port).limitMtu(1300);
    forward(a, ipv4(UNKNOWN, A, 1400));
    assert.equal(a.tooBigAnswers, 0);
    (other as Port).limitMtu(1200);
    forward(a, ipv4(UNKNOWN, A, 1400));
    assert.equal(a.tooBigAnswers, 1);
    assert.equal(atA.frames[0]?.readUInt16BE(40), 1200);
  });

  test("the MSS of a SYN is fitted to the smaller of both ports, in both directions", () => {
    forward(a, syn(B, A));
    forward(b, syn(A, B));
    assert.deepEqual([mssOf(atB.frames[0] as Buffer), mssOf(atA.frames[0] as Buffer)], [1260, 1260]);
  });

  test("between ports that take what the network does nothing is looked at", () => {
    b.limitMtu(1500);
    a.limitMtu(9_000);
    forward(a, syn(B, A));
    assert.equal(mssOf(atB.frames[0] as Buffer), 1460);
  });

  test("a port whose large frames come cut says so to their sender, where they come from", () => {
    a.limitMtu(1500, 1486);
    const cut = ipv4(B, A, 1500).subarray(0, 1500);
    b.limitMtu(1500);
    forward(a, cut);
    assert.equal(a.ingressDrops.get(Drop.messageTruncated), 1);
    assert.equal(a.tooBigAnswers, 1);
    assert.equal(atA.frames[0]?.readUInt16BE(40), 1486);
    forward(a, ipv4(B, A, 1486));
    forward(b, ipv4(A, B, 1500));
    assert.deepEqual([atB.frames.length, atA.frames.length], [1, 2], "what is whole passes");
    forward(a, syn(B, A));
    assert.equal(mssOf(atB.frames[1] as Buffer), 1446);
  });

  test("a hundred thousand frames between limited ports are forwarded without allocating", () => {
    const quiet = { deliver: () => Drop.none, flush: () => {} };
    const from = lan.attach({ name: "from", mac: C, bridge: false, egress: quiet }) as Port;
    const to = lan.attach({ name: "to", mac: UNKNOWN, bridge: false, egress: quiet }) as Port;
    to.limitMtu(1300);
    const frames = [syn(UNKNOWN, C), ipv4(UNKNOWN, C, 1_000), superFrame(UNKNOWN, C, 1_200)];
    const frame = new Frame(frames[0] as Buffer);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        const bytes = frames[i % 3] as Buffer;
        const isSuper = i % 3 === 2;
        lan.forward(from, frame.set(bytes, isSuper ? VNET_HEADER_BYTES : 0, bytes.length, isSuper));
        if ((i & 63) === 63) lan.flush();
      }
    });
    assert.equal(to.egressDrops.total, 0);
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });
});
