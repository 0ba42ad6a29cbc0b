/** The bytes of a capture's file, field by field, as draft-ietf-opsawg-pcapng has them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PacketDirection, PacketReception, PcapngWriter } from "../../../src/capture/pcapng.ts";

const hex = (...fields: readonly string[]): string => fields.join("").replaceAll(" ", "");
const ascii = (text: string): string => Buffer.from(text).toString("hex");

function written(write: (writer: PcapngWriter) => void): string {
  const writer = new PcapngWriter(65_536);
  write(writer);
  return Buffer.from(writer.take(65_536) ?? []).toString("hex");
}

describe("a pcapng file", () => {
  test("begins with a section header that has no end", () => {
    const expected = hex(
      "0a0d0d0a", // block type
      "34000000", // length of the block: 52
      "4d3c2b1a", // byte-order magic: little-endian
      "0100 0000", // version 1.0
      "ffffffffffffffff", // length of the section: not known
      "0400 0600", // option 4, the application that wrote it, 6 bytes
      ascii("vpn-ws"),
      "0000", // padding
      "0100 0300", // option 1, comment, 3 bytes
      ascii("arp"),
      "00", // padding
      "0000 0000", // end of options
      "34000000",
    );
    assert.equal(
      written((writer) => writer.section("vpn-ws", "arp")),
      expected,
    );
  });

  test("describes a port as an Ethernet interface with times in microseconds", () => {
    const expected = hex(
      "01000000", // block type
      "38000000", // 56
      "0100", // link type: Ethernet
      "0000", // reserved
      "00000400", // snap length: 262144
      "0200 0b00", // option 2, name, 11 bytes
      ascii("peer 17 ada"),
      "00",
      "0300 0300", // option 3, description, 3 bytes
      ascii("lan"),
      "00",
      "0900 0100", // option 9, resolution of times, 1 byte
      "06000000", // 10⁻⁶ seconds, padding
      "0000 0000",
      "38000000",
    );
    assert.equal(
      written((writer) => writer.interface("peer 17 ada", "lan", 262_144)),
      expected,
    );
  });

  test("has a packet with its direction, what is missing before it, and why it was dropped", () => {
    const expected = hex(
      "06000000", // block type
      "54000000", // 84
      "02000000", // interface 2
      "2f470600", // upper half of the time
      "55443322", // lower half: 0x0006472f22334455 µs
      "05000000", // bytes that are kept
      "3c000000", // bytes of the frame: 60
      "0102030405",
      "000000", // padding
      "0200 0400", // option 2, flags, 4 bytes
      "0d000000", // inbound (1), broadcast (3 << 2)
      "0400 0800", // option 4, packets lost before this one, 8 bytes
      "0700000000000000",
      "0100 0d00", // option 1, comment, 13 bytes
      ascii("dropped: loop"),
      "000000",
      "0000 0000",
      "54000000",
    );
    const packet = {
      interfaceId: 2,
      timeUs: 0x6472f * 2 ** 32 + 0x22334455 + 0.5,
      flags: PacketDirection.inbound | PacketReception.broadcast,
      lostBefore: 7,
      comment: "dropped: loop",
    };
    assert.equal(
      written((writer) => writer.packet(packet, Uint8Array.from([0, 1, 2, 3, 4, 5, 6]), 1, 6, 60)),
      expected,
    );
  });

  test("has a packet without anything special", () => {
    const expected = hex(
      "06000000",
      "30000000", // 48
      "00000000",
      "00000000",
      "e8030000", // 1000 µs
      "04000000",
      "04000000",
      "01020304",
      "0200 0400",
      "06000000", // outbound (2), unicast (1 << 2)
      "0000 0000",
      "30000000",
    );
    const flags = PacketDirection.outbound | PacketReception.unicast;
    const packet = { interfaceId: 0, timeUs: 1000, flags, lostBefore: 0, comment: "" };
    assert.equal(
      written((writer) => writer.packet(packet, Uint8Array.from([1, 2, 3, 4]), 0, 4, 4)),
      expected,
    );
  });

  test("has statistics of an interface", () => {
    const expected = hex(
      "05000000", // block type
      "60000000", // 96
      "01000000", // interface 1
      "00000000",
      "d0070000", // now: 2000 µs
      "0200 0800", // option 2, start
      "00000000",
      "e8030000",
      "0300 0800", // option 3, end
      "00000000",
      "d0070000",
      "0400 0800", // option 4, received
      "0a00000000000000",
      "0500 0800", // option 5, lost
      "0200000001000000", // 2³² + 2
      "0600 0800", // option 6, accepted by the filter
      "0900000000000000",
      "0100 0400", // option 1, comment
      ascii("lost"),
      "0000 0000",
      "60000000",
    );
    const counts = { received: 10, accepted: 9, dropped: 2 ** 32 + 2 };
    assert.equal(
      written((writer) =>
        writer.statistics({ interfaceId: 1, startUs: 1000, endUs: 2000, ...counts, comment: "lost" }),
      ),
      expected,
    );
  });

  test("cuts a text that is too long between characters", () => {
    const block = Buffer.from(
      written((writer) => writer.interface("é".repeat(2_000), "", 65_536)),
      "hex",
    );
    assert.equal(block.readUInt16LE(18), 2_048);
    assert.equal(block.toString("utf8", 20, 20 + 2_048), "é".repeat(1_024));
  });

  test("is taken away in pieces of any size, and nothing is lost between them", () => {
    const writer = new PcapngWriter(4_096);
    writer.section("vpn-ws", "");
    const pieces: Buffer[] = [];
    for (let piece = writer.take(5); piece !== undefined; piece = writer.take(5)) pieces.push(Buffer.from(piece));
    assert.ok(pieces.every((piece) => piece.length <= 5));
    assert.equal(
      Buffer.concat(pieces).toString("hex"),
      written((other) => other.section("vpn-ws", "")),
    );
    assert.equal(writer.roomBytes, 4_096);
  });
});
