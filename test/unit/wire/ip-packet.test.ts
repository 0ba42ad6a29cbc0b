import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IpProtocol,
  ipv4TransportOffset,
  ipv6TransportOffset,
  tcpPayloadOffset,
  udpPayloadOffset,
} from "../../../src/wire/ip-packet.ts";

const AT = 3;

/** A header at `AT`, followed by enough zeros to read into. */
function at(...header: number[]): Uint8Array {
  const bytes = new Uint8Array(400);
  bytes.set(header, AT);
  return bytes;
}

function ipv4(headerWords: number, totalLength: number): Uint8Array {
  return at(0x40 | headerWords, 0, 0, totalLength, 0, 0, 0x40, 0, 64, 6);
}

function ipv6(payloadLength: number, nextHeader: number, ...rest: number[]): Uint8Array {
  return at(0x60, 0, 0, 0, 0, payloadLength, nextHeader, 64, ...new Array<number>(32).fill(0), ...rest);
}

const tcpIn4 = (bytes: Uint8Array, length: number): number =>
  ipv4TransportOffset(bytes, AT, AT + length, IpProtocol.tcp);
const tcpIn6 = (bytes: Uint8Array, length: number): number =>
  ipv6TransportOffset(bytes, AT, AT + length, IpProtocol.tcp);

test("TCP starts behind the IPv4 header and its options", () => {
  assert.equal(tcpIn4(ipv4(5, 40), 40), AT + 20);
  assert.equal(tcpIn4(ipv4(15, 80), 80), AT + 60);
  assert.equal(tcpIn4(ipv4(5, 20), 20), AT + 20);
});

test("an IPv4 header is at least 20 bytes and lies in its packet", () => {
  for (let words = 0; words < 5; words++) assert.equal(tcpIn4(ipv4(words, 40), 40), -1);
  assert.equal(tcpIn4(ipv4(6, 23), 23), -1);
  for (let length = 0; length < 20; length++) assert.equal(tcpIn4(ipv4(5, length), length), -1);
});

test("an IPv4 packet fills its span exactly", () => {
  assert.equal(tcpIn4(ipv4(5, 40), 41), -1);
  assert.equal(tcpIn4(ipv4(5, 40), 39), -1);
});

test("TCP starts behind hop-by-hop, routing and destination options", () => {
  assert.equal(tcpIn6(ipv6(20, 6), 60), AT + 40);
  const extensions = [43, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 6, 1, ...new Array<number>(14).fill(0)];
  assert.equal(tcpIn6(ipv6(52, 0, ...extensions), 92), AT + 40 + 32);
});

test("other IPv6 headers are not walked over: fragment, authentication, no next header", () => {
  for (const nextHeader of [44, 51, 59]) {
    assert.equal(tcpIn6(ipv6(28, nextHeader, 6, 0, 0, 0, 0, 0, 0, 0), 68), -1);
  }
});

test("an IPv6 extension header lies in its packet", () => {
  assert.equal(tcpIn6(ipv6(8, 60, 6, 0), 48), AT + 48);
  assert.equal(tcpIn6(ipv6(8, 60, 6, 1), 48), -1);
  for (let cut = 0; cut < 8; cut++) assert.equal(tcpIn6(ipv6(cut, 60, 6, 0), 40 + cut), -1);
});

test("an IPv6 packet fills its span exactly, and is never shorter than its header", () => {
  assert.equal(tcpIn6(ipv6(20, 6), 61), -1);
  assert.equal(tcpIn6(ipv6(20, 6), 59), -1);
  for (let length = 0; length < 40; length++) assert.equal(tcpIn6(ipv6(0, 6), length), -1);
});

test("a TCP header is at least 20 bytes and lies in its segment", () => {
  const tcp = (words: number): Uint8Array => at(...new Array<number>(12).fill(0), words << 4);
  assert.equal(tcpPayloadOffset(tcp(5), AT, AT + 20), AT + 20);
  assert.equal(tcpPayloadOffset(tcp(15), AT, AT + 60), AT + 60);
  assert.equal(tcpPayloadOffset(tcp(15), AT, AT + 59), -1);
  for (let words = 0; words < 5; words++) assert.equal(tcpPayloadOffset(tcp(words), AT, AT + 60), -1);
  for (let length = 0; length < 20; length++) assert.equal(tcpPayloadOffset(tcp(5), AT, AT + length), -1);
});

test("a UDP datagram is as long as it says, and no shorter than its header", () => {
  const udp = (length: number): Uint8Array => at(0, 0, 0, 0, 0, length);
  assert.equal(udpPayloadOffset(udp(8), AT, AT + 8), AT + 8);
  assert.equal(udpPayloadOffset(udp(12), AT, AT + 12), AT + 8);
  assert.equal(udpPayloadOffset(udp(12), AT, AT + 13), -1);
  for (let length = 0; length < 8; length++) assert.equal(udpPayloadOffset(udp(length), AT, AT + length), -1);
});
