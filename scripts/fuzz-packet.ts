/** Frames as a peer may send them, for the reader of their headers and the rules of the guard that judge by them. */
import assert from "node:assert/strict";
import { DROP_NAMES } from "../src/base/drop-reason.ts";
import { AccessList } from "../src/guard/acl.ts";
import { LinkFilter } from "../src/guard/link-filter.ts";
import { SourcePrefixes } from "../src/guard/source-prefixes.ts";
import type { AclRule } from "../src/switch/port-rules.ts";
import { PacketHeaders } from "../src/wire/packet-headers.ts";
import { naiveHeaders } from "../test/property/naive-headers.ts";
import type { Random } from "./fuzz-random.ts";

/** Bytes before and after the frame that nobody may take for a part of it. */
const AROUND = 32;
const HTTPS: AclRule = {
  action: "allow",
  direction: "both",
  ipVersion: undefined,
  protocol: 6,
  source: [{ version: 4, bytes: Uint8Array.of(10, 0, 0, 0), bits: 8 }],
  destination: [],
  sourcePorts: [],
  destinationPorts: [{ from: 0, to: 443 }],
};

const headers = new PacketHeaders();
const accessList = new AccessList([HTTPS, { ...HTTPS, action: "deny", protocol: undefined }]);
const linkFilter = new LinkFilter([0x0800, 0x86dd], [0, 1]);
const sourcePrefixes = new SourcePrefixes(HTTPS.source);

/** A frame with an IP packet, behind tags and with extension headers, or almost. */
export function packetInput(random: Random): Uint8Array {
  const isIpv6 = random.oneIn(2);
  const tags = random.several(4, () => [
    random.pick([0x81, 0x88, 0x81]),
    random.pick([0x00, 0xa8]),
    0,
    random.below(3),
  ]);
  const type = isIpv6 ? [0x86, 0xdd] : [0x08, 0x00];
  const packet = isIpv6 ? ipv6Packet(random) : ipv4Packet(random);
  return Uint8Array.from([...random.bytes(12), ...tags.flat(), ...type, ...packet, ...random.bytes(random.below(4))]);
}

/** The reader agrees with a naive one, and says so twice; no rule throws, whatever the frame. */
export function checkPacket(input: Uint8Array): boolean {
  const bytes = new Uint8Array(input.length + 2 * AROUND).fill(0x44);
  bytes.set(input, AROUND);
  const before = bytes.slice();
  headers.parse(bytes, AROUND, AROUND + input.length);
  assert.deepEqual(saidOf(headers), naiveHeaders([...input]));
  const reasons = [accessList.fromPeer(headers), linkFilter.judge(headers), sourcePrefixes.judge(headers)];
  assert.ok(reasons.every((reason) => DROP_NAMES[reason] !== undefined));
  assert.equal(accessList.fromPeer(headers), reasons[0], "a verdict that is remembered is the same");
  assert.deepEqual(bytes, before, "frames are only read");
  return headers.isWhole;
}

function saidOf({ bytes: _bytes, start, end: _end, isSuperFrame: _isSuperFrame, ...said }: PacketHeaders): object {
  const fromStart = (offset: number): number => (offset < 0 ? offset : offset - start);
  return {
    ...said,
    network: fromStart(said.network),
    packetEnd: fromStart(said.packetEnd),
    sourceIp: fromStart(said.sourceIp),
    destinationIp: fromStart(said.destinationIp),
    transport: fromStart(said.transport),
  };
}

function ipv4Packet(random: Random): number[] {
  const options = 4 * random.below(3);
  const upper = random.bytes(random.below(24));
  const total = 20 + options + upper.length;
  const fragment = random.oneIn(3) ? random.pick([0x20, 0x00, 0x1f]) : 0x40;
  return [
    ...[0x45 + options / 4, 0, total >> 8, total & 0xff, 0, 1, fragment, random.oneIn(8) ? 1 : 0],
    ...[64, protocolOf(random), 0, 0, 10, 0, 0, random.below(3), 10, 0, 0, random.below(3)],
    ...new Array<number>(options).fill(1),
    ...upper,
  ];
}

function ipv6Packet(random: Random): number[] {
  let payload = [...random.bytes(random.below(24))];
  let next = protocolOf(random);
  for (let left = random.oneIn(10) ? 9 : random.below(4); left > 0; left--) {
    const type = random.pick([0, 43, 60, 51, 44, 135, 139, 140]);
    payload = [next, ...extensionBody(type, random), ...payload];
    next = type;
  }
  const addresses = new Array<number>(32).fill(0xfd);
  return [0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, next, 64, ...addresses, ...payload];
}

/** All of an extension header but its first byte. */
function extensionBody(type: number, random: Random): number[] {
  if (type === 44) return [0, 0, random.pick([0, 0, 1, 8, 9]), 0, 0, 0, 1];
  const length = random.below(3);
  const bytes = type === 51 ? (length + 2) * 4 : (length + 1) * 8;
  return [length, ...random.bytes(bytes - 2)];
}

function protocolOf(random: Random): number {
  return random.pick([6, 6, 17, 17, 1, 58, 132, 59, 50, random.below(256)]);
}
