/** WebSocket messages that are wrong, with the code the connection is closed with; undefined leaves it open. */
import { RAW_MAC } from "./raw-connection.ts";

export interface BadMessage {
  readonly title: string;
  readonly bytes: Buffer;
  readonly code: number | undefined;
  /** Only this dialect; default both. */
  readonly dialect?: "v1" | "v2";
}

const FIN = 0x80;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

/** A frame with a mask of zeros, by which the payload stays readable here. */
export function masked(first: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as string);
  const { length } = bytes;
  const size =
    length < 126 ? [length] : length < 0x1_0000 ? [126, length >> 8, length & 0xff] : longSize(BigInt(length));
  size[0] = (size[0] as number) | 0x80;
  return Buffer.concat([Buffer.from([first, ...size, 0, 0, 0, 0]), bytes]);
}

function longSize(length: bigint): number[] {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(length);
  return [127, ...bytes];
}

export const ping = (payload: string): Buffer => masked(FIN | PING, payload);

/** A header alone that says how much would follow. */
function promises(length: bigint): Buffer {
  const [code = 0, ...rest] = longSize(length);
  return Buffer.from([FIN | BINARY, code | 0x80, ...rest, 0, 0, 0, 0]);
}

/** The frame that a v2 client may send unharmed: virtio-net header, Ethernet to all, IPv4, TCP, 3000 bytes. */
const PLAIN_SUPER_FRAME = {
  flags: 1,
  gsoType: 1,
  headerBytes: 54,
  gsoSize: 1_000,
  csumStart: 34,
  csumOffset: 16,
  ipVersionAndLength: 0x45,
  ipTotalBytes: 3_040,
  tcpDataOffset: 0x50,
  payloadBytes: 3_000,
};

function superFrame(lies: Partial<typeof PLAIN_SUPER_FRAME>): Buffer {
  const frame = { ...PLAIN_SUPER_FRAME, ...lies };
  const bytes = Buffer.alloc(10 + 14 + 20 + 20 + frame.payloadBytes);
  bytes.set([frame.flags, frame.gsoType]);
  const words = [frame.headerBytes, frame.gsoSize, frame.csumStart, frame.csumOffset];
  for (const [index, word] of words.entries()) bytes.writeUInt16LE(word, 2 + 2 * index);
  bytes.write(`ffffffffffff${RAW_MAC.replaceAll(":", "")}0800`, 10, "hex");
  bytes.writeUInt8(frame.ipVersionAndLength, 24);
  bytes.writeUInt16BE(frame.ipTotalBytes, 26);
  bytes.set([64, 6], 32);
  bytes.set([10, 80, 0, 9, 10, 80, 0, 255], 36);
  bytes.writeUInt8(frame.tcpDataOffset, 56);
  return bytes;
}

function liar(title: string, lies: Partial<typeof PLAIN_SUPER_FRAME>): BadMessage {
  return { title, bytes: masked(FIN | BINARY, superFrame(lies)), code: undefined, dialect: "v2" };
}

const SUPER_FRAME_LIES: readonly BadMessage[] = [
  liar("a super-frame that is true", {}),
  liar("gso_size 0", { gsoSize: 0 }),
  liar("gso_size 1 of a 60000-byte payload", { gsoSize: 1, payloadBytes: 60_000, ipTotalBytes: 60_040 }),
  liar("gso_size 65535", { gsoSize: 0xffff }),
  liar("csum_start past the frame", { csumStart: 0xffff }),
  liar("csum_start at the last byte", { csumStart: 3_053, csumOffset: 0 }),
  liar("csum_offset past the frame", { csumOffset: 0xffff }),
  liar("a checksum over the Ethernet header", { gsoType: 0, gsoSize: 0, csumStart: 0, csumOffset: 0 }),
  liar("hdr_len past the frame", { headerBytes: 0xffff }),
  liar("an obsolete gso type", { gsoType: 3 }),
  liar("an unknown gso type", { gsoType: 0x7f }),
  liar("every flag", { flags: 0xff }),
  liar("segments of IPv6 in IPv4", { gsoType: 4 }),
  liar("segments of UDP in TCP", { gsoType: 5 }),
  liar("an IPv4 header past the frame", { ipVersionAndLength: 0x4f, payloadBytes: 0 }),
  liar("an IPv4 header too short", { ipVersionAndLength: 0x41 }),
  liar("an IPv4 length that lies", { ipTotalBytes: 0xffff }),
  liar("a TCP header past the frame", { tcpDataOffset: 0xf0, payloadBytes: 1 }),
  liar("a TCP header too short", { tcpDataOffset: 0 }),
];

const runts = Array.from({ length: 24 }, (_, length) => masked(FIN | BINARY, Buffer.alloc(length, 0xff)));

export const BAD_MESSAGES: readonly BadMessage[] = [
  { title: "a length of 2^63", bytes: promises(2n ** 63n), code: 1002 },
  { title: "a length of 2^64 - 1", bytes: promises(2n ** 64n - 1n), code: 1002 },
  { title: "a length of 2^53", bytes: promises(2n ** 53n), code: 1009 },
  { title: "a message of 1 MiB", bytes: masked(FIN | BINARY, Buffer.alloc(1 << 20)), code: 1009 },
  { title: "a length not in its shortest form", bytes: promises(5n), code: 1002 },
  { title: "no mask", bytes: Buffer.from([FIN | BINARY, 1, 0]), code: 1002 },
  // The original's client sends this after 17 s of silence; nobody else may.
  { title: "a ping without a mask", bytes: Buffer.from([FIN | PING, 0]), code: undefined, dialect: "v1" },
  { title: "a ping without a mask", bytes: Buffer.from([FIN | PING, 0]), code: 1002, dialect: "v2" },
  { title: "reserved bits", bytes: masked(FIN | BINARY | 0x40, "x"), code: 1002 },
  { title: "a reserved opcode", bytes: masked(FIN | 3, "x"), code: 1002 },
  { title: "a reserved control opcode", bytes: masked(FIN | 0xf, "x"), code: 1002 },
  { title: "a fragmented ping", bytes: masked(PING, "x"), code: 1002 },
  { title: "a ping of 126 bytes", bytes: masked(FIN | PING, Buffer.alloc(126)), code: 1002 },
  { title: "an end without a beginning", bytes: masked(FIN, "x"), code: 1002 },
  {
    title: "a beginning inside a message",
    bytes: Buffer.concat([masked(BINARY, "x"), masked(BINARY, "x")]),
    code: 1002,
  },
  {
    title: "a flood of fragments",
    bytes: Buffer.concat([masked(BINARY, "x"), ...Array.from({ length: 2_000 }, () => masked(0, ""))]),
    code: 1008,
  },
  {
    title: "fragments that grow past the limit",
    bytes: Buffer.concat([masked(BINARY, "x"), ...Array.from({ length: 40 }, () => masked(0, Buffer.alloc(4_096)))]),
    code: 1009,
  },
  { title: "a close of one byte", bytes: masked(FIN | CLOSE, "x"), code: 1002 },
  { title: "a close with a code that is none", bytes: masked(FIN | CLOSE, Uint8Array.of(0x03, 0xee)), code: 1002 },
  { title: "messages of 0 to 23 bytes", bytes: Buffer.concat(runts), code: undefined },
  {
    title: "a ping within a message",
    bytes: Buffer.concat([masked(BINARY, "x"), ping("y"), masked(FIN, "z")]),
    code: undefined,
  },
  { title: "text that is not UTF-8", bytes: masked(FIN | TEXT, Uint8Array.of(0xc3, 0x28)), code: 1007, dialect: "v2" },
  { title: "text that is no JSON", bytes: masked(FIN | TEXT, "{kind:"), code: 1008, dialect: "v2" },
  { title: "JSON without a kind", bytes: masked(FIN | TEXT, "[]"), code: 1008, dialect: "v2" },
  { title: "JSON without an end", bytes: masked(FIN | TEXT, "[".repeat(16_000)), code: 1008, dialect: "v2" },
  { title: "60 kB of text", bytes: masked(FIN | TEXT, JSON.stringify("x".repeat(60_000))), code: 1008, dialect: "v2" },
  { title: "a hello that is none", bytes: masked(FIN | TEXT, '{"kind":"hello","mtu":-1}'), code: 1008, dialect: "v2" },
  { title: "a kind of the future", bytes: masked(FIN | TEXT, '{"kind":"later"}'), code: undefined, dialect: "v2" },
  ...SUPER_FRAME_LIES,
];
