import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { Segmenter } from "../../../src/wire/segment.ts";

/** Bytes from hexadecimal lines; what follows `#` is a comment. */
function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/#.*$|\s/gm, ""), "hex"));
}

function vnetFrame(bytes: Uint8Array): Frame {
  return new Frame(bytes).set(bytes, 10, bytes.length, true);
}

function segmentsOf(frame: Frame, maxFrameBytes = 1514): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const reason = new Segmenter({ headroom: 16 }).segment(frame, maxFrameBytes, (bytes, start, end) => {
    frames.push(bytes.slice(start, end));
  });
  assert.equal(reason, Drop.none);
  return frames;
}

function dropOf(frame: Frame, maxFrameBytes = 1514): number {
  return new Segmenter({ headroom: 0 }).segment(frame, maxFrameBytes, () => assert.fail("a frame was emitted"));
}

const TCP_SUPER_FRAME = `
  01 81 3600 0300 2200 1000                # NEEDS_CSUM, TCPV4 with ECN, 54 bytes of headers, 3 per segment, 34 + 16
  02000000000b 02000000000a 0800           # Ethernet, IPv4
  45 00 002f ffff 4000 40 06 26c7          # 20 bytes, 47 in all, id ffff, DF, TTL 64, TCP, checksum
  0a000001 0a000002                        # 10.0.0.1 to 10.0.0.2
  0050 c001 fffffffe 00000001              # port 80 to 49153, sequence 2^32 - 2, acknowledgement 1
  50 99 1000 1424 0000                     # 20 bytes, CWR ACK PSH FIN, window, partial checksum, no urgent data
  61626364656667                           # abcdefg
`;

test("a TCP super-frame is cut: lengths, ids, sequence numbers, flags and checksums of each segment", () => {
  const segments = segmentsOf(vnetFrame(hex(TCP_SUPER_FRAME)));
  assert.deepEqual(segments, [
    hex(`
      02000000000b 02000000000a 0800
      45 00 002b ffff 4000 40 06 26cb 0a000001 0a000002   # 43 bytes in all, the id of the whole
      0050 c001 fffffffe 00000001 50 90 1000 069b 0000    # CWR ACK: CWR goes out first
      616263`),
    hex(`
      02000000000b 02000000000a 0800
      45 00 002b 0000 4000 40 06 26cb 0a000001 0a000002   # the id wraps
      0050 c001 00000001 00000001 50 10 1000 0116 0000    # the sequence number wraps; ACK only
      646566`),
    hex(`
      02000000000b 02000000000a 0800
      45 00 0029 0001 4000 40 06 26cc 0a000001 0a000002   # the rest, 41 bytes in all
      0050 c001 00000004 00000001 50 19 1000 6471 0000    # ACK PSH FIN: these go out last
      67`),
  ]);
});

test("a UDP super-frame in a VLAN becomes datagrams with lengths and checksums of their own", () => {
  const ipv6 = "11 40 fd000000000000000000000000000001 fd000000000000000000000000000002";
  const superFrame = hex(`
    01 05 4200 0400 3a00 0600                # NEEDS_CSUM, UDP_L4, 66 bytes of headers, 4 per segment, 58 + 6
    02000000000b 02000000000a 8100 0064 86dd # Ethernet, VLAN 100, IPv6
    60000000 000e ${ipv6}                    # 14 bytes of payload, UDP, hop limit 64
    0035 c001 000e fa23                      # port 53 to 49153, 14 bytes, partial checksum
    616263646566                             # abcdef
  `);
  assert.deepEqual(segmentsOf(vnetFrame(superFrame)), [
    hex(`02000000000b 02000000000a 8100 0064 86dd 60000000 000c ${ipv6} 0035 c001 000c 80d4 61626364`),
    hex(`02000000000b 02000000000a 8100 0064 86dd 60000000 000a ${ipv6} 0035 c001 000a e038 6566`),
  ]);
});

const UDP_DATAGRAM = `
  02000000000b 02000000000a 86dd
  60000000 000c 11 40 fd000000000000000000000000000001 fd000000000000000000000000000002
  0035 c001 000c`;

test("a UDP checksum that comes out as zero is completed to ffff", () => {
  const partial = hex(`01 00 0000 0000 3600 0600 ${UDP_DATAGRAM} fa21 6162e438`);
  assert.deepEqual(segmentsOf(vnetFrame(partial)), [hex(`${UDP_DATAGRAM} ffff 6162e438`)]);
});

test("a frame that needs nothing is given as it is, with or without a header", () => {
  const bytes = hex(`02 00 0000 0000 0000 0000 ${UDP_DATAGRAM} 1234 61626364`);
  const frame = vnetFrame(bytes);
  assert.deepEqual(segmentsOf(frame), [bytes.slice(10)]);
  assert.deepEqual(segmentsOf(frame.set(bytes, 10, bytes.length, false)), [bytes.slice(10)]);
  assert.deepEqual(segmentsOf(frame.set(bytes, 0, 5, false)), [bytes.slice(0, 5)]);
});

test("a frame or segment of exactly the limit passes, of one byte more it is too big", () => {
  const whole = vnetFrame(hex(`01 00 0000 0000 3600 0600 ${UDP_DATAGRAM} fa21 6162e438`));
  assert.equal(segmentsOf(whole, 66).length, 1);
  assert.equal(dropOf(whole, 65), Drop.tooBig);
  const superFrame = vnetFrame(hex(TCP_SUPER_FRAME));
  assert.equal(segmentsOf(superFrame, 57).length, 3);
  assert.equal(dropOf(superFrame, 56), Drop.tooBig);
});

test("the largest frame there can be is copied, a larger one is too big whatever the limit", () => {
  const bytes = new Uint8Array(10 + 22 + 40 + 0xffff + 1);
  const frame = new Frame(bytes).set(bytes, 10, bytes.length - 1, true);
  assert.equal(segmentsOf(frame, 1 << 20)[0]?.length, bytes.length - 11);
  assert.equal(dropOf(frame.set(bytes, 10, bytes.length, true), 1 << 20), Drop.tooBig);
});

test("a header that disagrees with its frame is a reason to drop, before anything is emitted", () => {
  const cases = {
    "a gso size of zero": [4, 0x00],
    "a gso type that is not the packet's": [1, 0x04],
    "UFO, which is not known": [1, 0x03],
    "ECN on no gso type": [1, 0x80],
    "no checksum to complete": [0, 0x00],
    "a checksum that starts elsewhere": [6, 0x23],
  } as const;
  for (const [name, [at, value]] of Object.entries(cases)) {
    const bytes = hex(TCP_SUPER_FRAME);
    bytes[at] = value;
    assert.equal(dropOf(vnetFrame(bytes)), Drop.vnetHeaderInvalid, name);
  }
  const outside = hex(`01 00 0000 0000 3600 0f00 ${UDP_DATAGRAM} fa21 6162e438`);
  assert.equal(dropOf(vnetFrame(outside)), Drop.vnetHeaderInvalid, "a checksum field behind the end");
});
