/**
 * Frames that the server itself answers, so that a client can measure its way: how large a frame gets through, how long
 * it takes, how much the line carries. They never reach the switch, and so no other peer.
 *
 *     0                      6            12       14        22     23     24         28      32
 *     │ 76:70:6e:2d:77 · lane │ source MAC │ 0x88b5 │ magic 8 │ kind │ zero │ sequence │ bytes │ filler …
 *
 * - The address is "vpn-w" and a byte more, locally administered (IEEE 802 section 8.4). Nobody has it: a switch that does
 *   not know these frames has nowhere to send them but to bridges. `welcome.echo` says who knows them.
 * - The lane, 0 to 255, is the sender's. Frames of two lanes differ in their addresses, and so are two flows to a queue.
 * - 0x88b5 is the EtherType for local experiments (IEEE 802 section 9.2.4).
 * - Kind 1 asks: `bytes` is how long the whole answer is to be. Kind 2 answers, to the asker's MAC from the address that
 *   was asked, with the same sequence: `bytes` is how long the request was.
 */
import { ETHERNET_HEADER_BYTES, uint16At } from "./ethernet.ts";
import { formatMac, type Mac, macHi, macLo, macParts } from "./mac.ts";

/** The shortest, which is the shortest Ethernet frame without its FCS. */
export const ECHO_MIN_BYTES = 60;

const ADDRESS_HI = 0x7670;
/** Of the last four bytes, without the lane. */
const ADDRESS_LO = 0x6e2d_7700;
const LANE_MASK = 0xff;
const ETHER_TYPE = 0x88b5;
/** "vpnws" and "EC1", as two numbers of four bytes each. */
const MAGIC_HI = 0x76706e77;
const MAGIC_LO = 0x73454331;

const SOURCE = 6;
const MAGIC = ETHERNET_HEADER_BYTES;
const KIND = MAGIC + 8;
const SEQUENCE = KIND + 2;
const BYTES = SEQUENCE + 4;

const Kind = { request: 1, reply: 2 } as const;

export interface EchoRequest {
  /** The sender's MAC. */
  readonly source: Mac;
  /** 0 to 255. */
  readonly lane: number;
  /** 0 to 2³² − 1. */
  readonly sequence: number;
  /** How long the answer is to be, Ethernet header included. */
  readonly replyBytes: number;
}

export interface EchoReply {
  readonly lane: number;
  readonly sequence: number;
  /** How long the request was when it arrived. */
  readonly requestBytes: number;
}

/** The address that the frames of a lane go to, and that their answers come from. */
export function echoAddress(lane: number): Mac {
  return formatMac(ADDRESS_HI, ADDRESS_LO | lane);
}

/** Writes the headers of a request; what lies behind them up to the frame's end is filler. */
export function writeEchoRequest({ source, lane, sequence, replyBytes }: EchoRequest, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ECHO_MIN_BYTES);
  const { hi, lo } = macParts(source);
  view.setUint16(0, ADDRESS_HI);
  view.setInt32(2, ADDRESS_LO | lane);
  view.setUint16(SOURCE, hi);
  view.setInt32(SOURCE + 2, lo);
  view.setUint16(12, ETHER_TYPE);
  view.setUint32(MAGIC, MAGIC_HI);
  view.setUint32(MAGIC + 4, MAGIC_LO);
  view.setUint16(KIND, Kind.request << 8);
  view.setUint32(SEQUENCE, sequence);
  view.setUint32(BYTES, replyBytes);
}

/** Whether the frame in [start, end) asks for an answer. All but very few frames fail the first comparison. */
export function isEchoRequest(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < ECHO_MIN_BYTES || (macLo(bytes, start) & ~LANE_MASK) !== ADDRESS_LO) return false;
  return macHi(bytes, start) === ADDRESS_HI && isEcho(bytes, start, Kind.request);
}

/** How long the answer to a request is to be, as the peer says; nothing to be believed. */
export function echoReplyBytes(bytes: Uint8Array, start: number): number {
  return uint32At(bytes, start + BYTES);
}

/** Writes the headers of the answer to the request in [start, end) to the first bytes of `reply`. Allocates nothing. */
export function writeEchoReply(bytes: Uint8Array, start: number, end: number, reply: Uint8Array): void {
  for (let i = 0; i < SOURCE; i++) {
    reply[i] = bytes[start + SOURCE + i] as number;
    reply[SOURCE + i] = bytes[start + i] as number;
  }
  for (let i = 2 * SOURCE; i < BYTES; i++) reply[i] = bytes[start + i] as number;
  reply[KIND] = Kind.reply;
  const length = end - start;
  for (let i = 0; i < 4; i++) reply[BYTES + i] = (length >>> (24 - 8 * i)) & 0xff;
}

/** The answer in [start, end); undefined if it is none. */
export function parseEchoReply(bytes: Uint8Array, start: number, end: number): EchoReply | undefined {
  if (end - start < ECHO_MIN_BYTES || !isEcho(bytes, start, Kind.reply)) return undefined;
  const sourceLo = macLo(bytes, start + SOURCE);
  if (macHi(bytes, start + SOURCE) !== ADDRESS_HI || (sourceLo & ~LANE_MASK) !== ADDRESS_LO) return undefined;
  return {
    lane: sourceLo & LANE_MASK,
    sequence: uint32At(bytes, start + SEQUENCE),
    requestBytes: uint32At(bytes, start + BYTES),
  };
}

function isEcho(bytes: Uint8Array, start: number, kind: number): boolean {
  return (
    uint16At(bytes, start + 12) === ETHER_TYPE &&
    uint32At(bytes, start + MAGIC) === MAGIC_HI &&
    uint32At(bytes, start + MAGIC + 4) === MAGIC_LO &&
    bytes[start + KIND] === kind
  );
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return ((uint16At(bytes, offset) << 16) | uint16At(bytes, offset + 2)) >>> 0;
}
