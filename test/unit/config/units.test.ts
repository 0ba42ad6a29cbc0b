import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { closestWord } from "../../../src/config/closest-word.ts";
import { parseDuration } from "../../../src/config/duration.ts";
import { ETHER_TYPE_NAMES, formatEtherType, parseEtherType } from "../../../src/config/ether-type-name.ts";
import {
  formatIpProtocol,
  hasPorts,
  IP_PROTOCOL_NAMES,
  parseIpProtocol,
} from "../../../src/config/ip-protocol-name.ts";
import { parseBytes } from "../../../src/config/parse-bytes.ts";
import { parseExpiry } from "../../../src/config/parse-expiry.ts";
import { parseRange } from "../../../src/config/parse-range.ts";
import { formatRate, parseRate } from "../../../src/config/parse-rate.ts";

/** Each text has its value; undefined: it is none. */
function assertParsed<Value>(
  parse: (text: string) => Value | undefined,
  table: readonly [string, Value | undefined][],
) {
  for (const [text, value] of table) assert.deepEqual(parse(text), value, JSON.stringify(text));
}

const noneOf = (texts: readonly string[]): [string, undefined][] => texts.map((text) => [text, undefined]);

describe("units of the configuration", () => {
  test("a duration is a whole number with a unit, in milliseconds", () => {
    assertParsed(parseDuration, [
      ["500ms", 500],
      ["30s", 30_000],
      ["5m", 300_000],
      ["12h", 43_200_000],
      ["30d", 2_592_000_000],
      ["0s", 0],
      ...noneOf(["", "30", "s", "1.5h", "-1s", "1w", "1 s", "1S", "12345678901s", "30s\n", "0x1s"]),
    ]);
  });

  test("a rate is in decimal bits per second, its value in bytes per second", () => {
    assertParsed(parseRate, [
      ["20Mbit", 2_500_000],
      ["500kbit", 62_500],
      ["1Gbit", 125_000_000],
      ["1.5Mbit/s", 187_500],
      ["8bit", 1],
      ["20 Mbit", 2_500_000],
      ...noneOf(["", "20", "20M", "20mbit", "20MB", "Mbit", "-1Mbit", "1e3kbit", "1,5Mbit", "1.Mbit", "20Mbit\n"]),
    ]);
    for (const text of ["20Mbit", "500kbit", "1Gbit", "1500kbit", "8bit"])
      assert.equal(formatRate(parseRate(text) ?? 0), text);
  });

  test("a size is in decimal or in binary bytes", () => {
    assertParsed(parseBytes, [
      ["10MB", 10_000_000],
      ["64KiB", 65_536],
      ["1GiB", 1_073_741_824],
      ["1.5kB", 1_500],
      ["7B", 7],
      ...noneOf(["", "64", "64K", "64kib", "64 KiBs", "-1B", "1e3B", "10Mbit", "constructor"]),
    ]);
  });

  test("a day lasts until its end in UTC, a time of day has a zone", () => {
    assertParsed(parseExpiry, [
      ["2027-01-31", Date.UTC(2027, 1, 1)],
      ["2028-02-29", Date.UTC(2028, 2, 1)],
      ["2027-01-31T18:00:00Z", Date.UTC(2027, 0, 31, 18)],
      ["2027-01-31 18:00+02:00", Date.UTC(2027, 0, 31, 16)],
      ["2027-01-31t18:00:00.5z", Date.UTC(2027, 0, 31, 18, 0, 0, 500)],
      ...noneOf(["", "2027-02-30", "2027-02-29", "2027-13-01", "2027-1-1", "31.01.2027", "tomorrow", "0"]),
      ...noneOf(["2027-01-31T18:00:00", "2027-01-31T25:00:00Z", "2027-02-30T00:00:00Z", "2027-01-31T18:00:00 Z"]),
    ]);
  });

  test("a range has both its ends, within bounds and not backwards", () => {
    const parse = (text: string) => parseRange(text, 1, 4_094);
    assertParsed(parse, [
      ["1", { from: 1, to: 1 }],
      ["20-29", { from: 20, to: 29 }],
      ["4094-4094", { from: 4_094, to: 4_094 }],
      ...noneOf(["", "0", "4095", "29-20", "1-", "-1", "1-2-3", "0x10", "1 - 2", "1-4095"]),
    ]);
  });

  test("an ethertype has a name or a number that is no length", () => {
    assertParsed(parseEtherType, [
      ["ipv4", 0x0800],
      ["ipv6", 0x86dd],
      ["0x88cc", 0x88cc],
      ["35020", 0x88cc],
      ["llc", 0],
      ...noneOf(["", "IPv4", "0x05ff", "0", "65536", "0x10000", "toString", "-1"]),
    ]);
    for (const name of ETHER_TYPE_NAMES) assert.equal(formatEtherType(parseEtherType(name) ?? -1), name);
    assert.equal(formatEtherType(0x9000), "0x9000");
  });

  test("an IP protocol has a name or a number of one byte", () => {
    assertParsed(parseIpProtocol, [
      ["tcp", 6],
      ["icmpv6", 58],
      ["0", 0],
      ["255", 255],
      ...noneOf(["", "256", "TCP", "-1", "1.0", "constructor"]),
    ]);
    for (const name of IP_PROTOCOL_NAMES) assert.equal(formatIpProtocol(parseIpProtocol(name) ?? -1), name);
    assert.equal(formatIpProtocol(200), "protocol 200");
    assert.deepEqual(
      IP_PROTOCOL_NAMES.filter((name) => hasPorts(parseIpProtocol(name) ?? -1)),
      ["tcp", "udp", "sctp"],
    );
  });

  test("a slip of one or two letters is noticed, another word is not", () => {
    const words = ["tcp", "udp", "listen", "networks", "ethertypes"];
    assertParsed(
      (text) => closestWord(text, words),
      [
        ["tpc", "tcp"],
        ["lisen", "listen"],
        ["Listen", "listen"],
        ["netwroks", "networks"],
        ["ether_types", "ethertypes"],
        ...noneOf(["", "http", "xyz", "policy", "x".repeat(100_000)]),
      ],
    );
  });
});
