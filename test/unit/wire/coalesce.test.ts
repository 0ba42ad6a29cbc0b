import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CoalescedSink, Coalescer } from "../../../src/wire/coalesce.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { OFFLOAD_ALL, Offload, type OffloadSet } from "../../../src/wire/offload.ts";
import { MIN_TCP_GSO_BYTES, VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";

const IPV4 = "0800";
const IPV6 = "86dd";
const ETHERNET_BYTES = 14;

/** Offsets into the headers of both IP versions, from the Ethernet header. */
const AT = {
  4: { ip: ETHERNET_BYTES, tcp: ETHERNET_BYTES + 20 },
  6: { ip: ETHERNET_BYTES, tcp: ETHERNET_BYTES + 40 },
} as const;

type Version = 4 | 6;

/** One TCP segment with timestamps, `index` places behind the first of its flow. */
function segment(version: Version, index: number, payloadBytes = 100): Buffer {
  const hex = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, "0");
  const tcpBytes = 32 + payloadBytes;
  const ethernet = `02000000000b02000000000a${version === 4 ? IPV4 : IPV6}`;
  const ip =
    version === 4
      ? `4500${hex(20 + tcpBytes, 2)}${hex(0xffff - 1 + index, 2).slice(-4)}400040060000${"0a000001"}${"0a000002"}`
      : `60012345${hex(tcpBytes, 2)}0640${"fd".padEnd(32, "01")}${"fd".padEnd(32, "02")}`;
  const sequence = (0xffff_ff80 + 100 * index) >>> 0;
  const tcp = `c0010050${hex(sequence, 4)}01020304801010000000${"0000"}0101080a0000000700000009`;
  const frame = Buffer.concat([Buffer.from(ethernet + ip + tcp, "hex"), Buffer.alloc(payloadBytes, index + 1)]);
  return setSums(frame, version);
}

function sum(...parts: Uint8Array[]): number {
  let total = 0;
  const bytes = Buffer.concat(parts);
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

function pseudoHeader(frame: Buffer, version: Version): Buffer {
  const { ip, tcp } = AT[version];
  const length = frame.length - tcp;
  return Buffer.concat([frame.subarray(ip + (version === 4 ? 12 : 8), tcp), Buffer.from([0, 6, length >>> 8, length])]);
}

function setSums(frame: Buffer, version: Version): Buffer {
  const { ip, tcp } = AT[version];
  if (version === 4) {
    frame.writeUInt16BE(0, ip + 10);
    frame.writeUInt16BE(0xffff - sum(frame.subarray(ip, tcp)), ip + 10);
  }
  frame.writeUInt16BE(0, tcp + 16);
  frame.writeUInt16BE(0xffff - sum(pseudoHeader(frame, version), frame.subarray(tcp)), tcp + 16);
  return frame;
}

class Recorder implements CoalescedSink {
  readonly written: { bytes: Buffer; frames: number; frameBytes: number }[] = [];
  releases = 0;

  write({ bytes, start, end, hasVnetHeader }: Frame, frames: number, frameBytes: number): void {
    const from = hasVnetHeader ? start - VNET_HEADER_BYTES : start;
    this.written.push({ bytes: Buffer.from(bytes.subarray(from, end)), frames, frameBytes });
  }

  release(): void {
    this.releases++;
  }
}

function coalesce(frames: readonly Buffer[], offloads: OffloadSet = OFFLOAD_ALL): Recorder {
  const recorder = new Recorder();
  const coalescer = new Coalescer(recorder, offloads);
  for (const bytes of frames) coalescer.push(new Frame(bytes).set(bytes, 0, bytes.length, false));
  coalescer.flush();
  return recorder;
}

const joinedOf = (frames: readonly Buffer[], offloads?: OffloadSet): number[] =>
  coalesce(frames, offloads).written.map((one) => one.frames);

for (const version of [4, 6] as const) {
  const { ip, tcp } = AT[version];
  const three = (): Buffer[] => [0, 1, 2].map((index) => segment(version, index));

  describe(`segments of TCP over IPv${version}`, () => {
    test("become one super-frame, byte by byte", () => {
      const frames = three();
      const whole = Buffer.concat([frames[0] as Buffer, ...frames.slice(1).map((frame) => frame.subarray(tcp + 32))]);
      if (version === 4) {
        whole.writeUInt16BE(whole.length - ip, ip + 2);
        whole.writeUInt16BE(0, ip + 10);
        whole.writeUInt16BE(0xffff - sum(whole.subarray(ip, tcp)), ip + 10);
      } else whole.writeUInt16BE(whole.length - tcp, ip + 4);
      whole.writeUInt16BE(sum(pseudoHeader(whole, version)), tcp + 16);
      const header = Buffer.from([1, version === 4 ? 1 : 4, tcp + 32, 0, 100, 0, tcp, 0, 16, 0]);
      const { written } = coalesce(frames);
      const frameBytes = 3 * (frames[0] as Buffer).length;
      assert.deepEqual(written, [{ bytes: Buffer.concat([header, whole]), frames: 3, frameBytes }]);
    });

    test("with a short one last, and nothing is joined behind it", () => {
      assert.deepEqual(joinedOf([segment(version, 0), segment(version, 1, 60), segment(version, 2)]), [2, 1]);
    });

    test("up to PSH, which the super-frame has then", () => {
      const frames = three();
      (frames[1] as Buffer).writeUInt8(0x18, tcp + 13);
      setSums(frames[1] as Buffer, version);
      const { written } = coalesce([...frames, segment(version, 3)]);
      assert.deepEqual(
        written.map((one) => [one.frames, one.bytes[one.frames === 1 ? tcp + 13 : VNET_HEADER_BYTES + tcp + 13]]),
        [
          [2, 0x18],
          [2, 0x10],
        ],
      );
    });

    test("up to the largest length an IP header has", () => {
      const headers = version === 4 ? 52 : 72;
      const most = Math.floor((0xffff - headers) / 100);
      const frames = Array.from({ length: most + 5 }, (_, index) => segment(version, index));
      assert.deepEqual(joinedOf(frames), [most, 5]);
    });

    const changes: [what: string, change: (frame: Buffer) => void][] = [
      ["another destination MAC", (frame) => frame.writeUInt8(0x0c, 5)],
      ["another source MAC", (frame) => frame.writeUInt8(0x0c, 11)],
      ["another traffic class", (frame) => frame.writeUInt16BE(frame.readUInt16BE(ip) ^ 0x0020, ip)],
      ["a mark of congestion", (frame) => frame.writeUInt16BE(frame.readUInt16BE(ip) ^ (version === 4 ? 3 : 0x30), ip)],
      ["another hop limit", (frame) => frame.writeUInt8(63, version === 4 ? ip + 8 : ip + 7)],
      ["another source address", (frame) => frame.writeUInt8(9, tcp - (version === 4 ? 5 : 17))],
      ["another destination address", (frame) => frame.writeUInt8(9, tcp - 1)],
      ["another source port", (frame) => frame.writeUInt16BE(0xc002, tcp)],
      ["another destination port", (frame) => frame.writeUInt16BE(81, tcp + 2)],
      ["a gap in the sequence", (frame) => frame.writeUInt32BE((frame.readUInt32BE(tcp + 4) + 1) >>> 0, tcp + 4)],
      ["data that came before", (frame) => frame.writeUInt32BE(0xffff_ff80, tcp + 4)],
      ["another acknowledgement", (frame) => frame.writeUInt32BE(0x01020305, tcp + 8)],
      ["a reserved bit", (frame) => frame.writeUInt8(0x82, tcp + 12)],
      ...([0x01, 0x02, 0x04, 0x20, 0x40, 0x80] as const).map((flag): [string, (frame: Buffer) => void] => [
        `TCP flag 0x${flag.toString(16)}`,
        (frame) => frame.writeUInt8(0x10 | flag, tcp + 13),
      ]),
      ["no ACK", (frame) => frame.writeUInt8(0, tcp + 13)],
      ["another window", (frame) => frame.writeUInt16BE(0x1001, tcp + 14)],
      ["an urgent pointer", (frame) => frame.writeUInt16BE(1, tcp + 18)],
      ["another timestamp", (frame) => frame.writeUInt32BE(8, tcp + 24)],
    ];
    if (version === 4) {
      changes.push(
        ["no DF", (frame) => frame.writeUInt16BE(0, ip + 6)],
        ["a fragment", (frame) => frame.writeUInt16BE(0x2000, ip + 6)],
        ["another identification", (frame) => frame.writeUInt16BE(77, ip + 4)],
        ["another protocol", (frame) => frame.writeUInt8(17, ip + 9)],
      );
    } else changes.push(["another flow label", (frame) => frame.writeUInt8(0x46, ip + 3)]);

    for (const [what, change] of changes) {
      test(`not with ${what}`, () => {
        const frames = three();
        const changed = frames[1] as Buffer;
        change(changed);
        setSums(changed, version);
        const recorder = coalesce(frames);
        assert.deepEqual(
          recorder.written.map(({ bytes }) => bytes),
          frames,
        );
      });
    }

    for (const at of [0, 1, 2]) {
      test(`not with a wrong checksum in segment ${at}`, () => {
        const frames = three();
        const wrong = frames[at] as Buffer;
        wrong.writeUInt8(0xee, wrong.length - 1);
        const { written } = coalesce(frames);
        assert.deepEqual(
          written.map((one) => one.frames),
          [
            [1, 2],
            [1, 1, 1],
            [2, 1],
          ][at],
        );
        const alone = written.find(({ bytes, frames: count }) => count === 1 && bytes.equals(wrong));
        assert.notEqual(alone, undefined, "it goes on as it is: the kernel counts it");
      });
    }

    for (const flags of [0x00, 0x11, 0x12, 0x14, 0x30, 0x50, 0x90]) {
      test(`not if each has the TCP flags 0x${flags.toString(16)}`, () => {
        const frames = three();
        for (const frame of frames) {
          frame.writeUInt8(flags, tcp + 13);
          setSums(frame, version);
        }
        assert.deepEqual(joinedOf(frames), [1, 1, 1]);
      });
    }

    test("not with padding behind the packet", () => {
      const frames = three();
      frames[1] = Buffer.concat([frames[1] as Buffer, Buffer.alloc(2)]);
      assert.deepEqual(joinedOf(frames), [1, 1, 1]);
    });

    test("not without data", () => {
      assert.deepEqual(joinedOf([segment(version, 0), segment(version, 1, 0), segment(version, 1)]), [1, 1, 1]);
    });

    test("not with more data than the first", () => {
      assert.deepEqual(joinedOf([segment(version, 0), segment(version, 1, 101)]), [1, 1]);
    });

    test("not with so little data in each that our own servers would take them for an attack", () => {
      const ofBytes = (bytes: number): Buffer[] =>
        [0, 1, 2].map((index) => {
          const frame = segment(version, index, bytes);
          frame.writeUInt32BE((0xffff_ff80 + bytes * index) >>> 0, tcp + 4);
          return setSums(frame, version);
        });
      assert.deepEqual(joinedOf(ofBytes(MIN_TCP_GSO_BYTES - 1)), [1, 1, 1]);
      assert.deepEqual(joinedOf(ofBytes(MIN_TCP_GSO_BYTES)), [3]);
    });

    test("not to a group address, which our own servers would take for a flood", () => {
      const frames = three();
      for (const frame of frames) frame.writeUInt8(0x03, 0);
      assert.deepEqual(joinedOf(frames), [1, 1, 1]);
    });

    test("not for a receiver that does not take super-frames", () => {
      const other = version === 4 ? Offload.tso6 : Offload.tso4;
      assert.deepEqual(joinedOf(three(), Offload.none), [1, 1, 1]);
      assert.deepEqual(joinedOf(three(), Offload.csum | other), [1, 1, 1]);
    });

    test("not when there is a flush between", () => {
      const recorder = new Recorder();
      const coalescer = new Coalescer(recorder, OFFLOAD_ALL);
      for (const bytes of three()) {
        coalescer.push(new Frame(bytes).set(bytes, 0, bytes.length, false));
        coalescer.flush();
      }
      assert.deepEqual(
        recorder.written.map((one) => one.frames),
        [1, 1, 1],
      );
    });
  });
}

describe("IPv4 segments", () => {
  test("whose header checksum is wrong go on as they are", () => {
    const frames = [0, 1, 2].map((index) => segment(4, index));
    (frames[1] as Buffer).writeUInt16BE(0x1234, AT[4].ip + 10);
    assert.deepEqual(joinedOf(frames), [1, 1, 1]);
  });

  test("with one identification are joined if nobody may fragment them", () => {
    const numbered = (fragment: number): Buffer[] =>
      [0, 1, 2].map((index) => {
        const frame = segment(4, index);
        frame.writeUInt16BE(0, AT[4].ip + 4);
        frame.writeUInt16BE(fragment, AT[4].ip + 6);
        return setSums(frame, 4);
      });
    assert.deepEqual(joinedOf(numbered(0x4000)), [3]);
    assert.deepEqual(joinedOf(numbered(0)), [1, 1, 1]);
  });
});

test("the memory is not used again before the sink has given it back", () => {
  const frames = [0, 1, 2, 3].map((index) => segment(4, index));
  (frames[1] as Buffer).writeUInt8(0x18, AT[4].tcp + 13);
  setSums(frames[1] as Buffer, 4);
  const recorder = coalesce(frames);
  assert.equal(recorder.written.length, 2);
  assert.equal(recorder.releases, 2, "before the second super-frame, and at the flush");
});
