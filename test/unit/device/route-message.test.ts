import assert from "node:assert/strict";
import { endianness } from "node:os";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseRoutes } from "../../../src/device/route-message.ts";
import { formatIpAddress, formatIpPrefix } from "../../../src/wire/ip-prefix.ts";

/** length 68, RTM_NEWROUTE, NLM_F_MULTI | NLM_F_DUMP_FILTERED, seq, pid */
const DEFAULT_HEADER = "44000000" + "1800" + "2200" + "00000000" + "c2590000";
/** AF_INET, 0 bits, 0 source bits, tos 0, table 254, protocol 3, scope 0, unicast, no flags */
const DEFAULT_ROUTE = "02000000" + "fe030001" + "00000000";
const DEFAULT_ATTRIBUTES = [
  "08000f00" + "fe000000", // table 254
  "08000600" + "64000000", // metric 100
  "08000700" + "0a050002", // source 10.5.0.2
  "08000500" + "0a050001", // gateway 10.5.0.1
  "08000400" + "03000000", // interface 3
].join("");
const DEFAULT = DEFAULT_HEADER + DEFAULT_ROUTE + DEFAULT_ATTRIBUTES;
/** 10.5.0.0/24 on interface 3, made by the kernel. */
const CONNECTED =
  "3c000000" +
  "1800220000000000c2590000" +
  "02180000" +
  "fe02fd01" +
  "00000000" +
  ("08000f00fe000000" + "080001000a050000" + "080007000a050002" + "0800040003000000");
/** The IPv6 default by fd05::1, metric 1024, interface 3, with a cacheinfo and a preference. */
const DEFAULT_IPV6 =
  "74000000" +
  "1800220000000000c2590000" +
  "0a000000" +
  "fe030001" +
  "00000000" +
  "08000f00fe000000" +
  "0800060000040000" +
  "14000500fd050000000000000000000000000001" +
  "0800040003000000" +
  ("24000c00" + "00".repeat(32)) +
  ("05001400" + "00000000");
const DONE = "14000000" + "0300" + "2200" + "00000000c259000000000000";

const parse = (hex: string): string[] => {
  const bytes = Buffer.from(hex, "hex");
  return parseRoutes(bytes, bytes.length).map(({ destination, gateway, source, index, metric, protocol, ...flags }) =>
    [
      formatIpPrefix(destination),
      gateway.length > 0 ? `via ${formatIpAddress(gateway)}` : "",
      source.length > 0 ? `src ${formatIpAddress(source)}` : "",
      `dev ${index} metric ${metric} proto ${protocol}`,
      ...Object.entries(flags).flatMap(([name, is]) => (is ? [name] : [])),
    ]
      .filter((word) => word !== "")
      .join(" "),
  );
};

describe("routes as the kernel lists them", {
  skip: endianness() === "LE" ? false : "the bytes are little-endian",
}, () => {
  test("are read with what is needed to go the same way", () => {
    assert.deepEqual(parse(DEFAULT + CONNECTED + DONE), [
      "0.0.0.0/0 via 10.5.0.1 src 10.5.0.2 dev 3 metric 100 proto 3 isUnicast",
      "10.5.0.0/24 src 10.5.0.2 dev 3 metric 0 proto 2 isUnicast",
    ]);
    assert.deepEqual(parse(DEFAULT_IPV6), ["::/0 via fd05::1 dev 3 metric 1024 proto 3 isUnicast"]);
  });

  test("of other tables, for other sources, and for other services are left out", () => {
    assert.deepEqual(parse(DEFAULT.replace("08000f00fe000000", "08000f0064000000")), []);
    assert.deepEqual(parse(DEFAULT.replace("02000000fe03", "02000800fe03")), []);
    assert.deepEqual(parse(DEFAULT.replace("02000000fe03", "02000010fe03")), []);
  });

  test("that are unreachable, down, or by an on-link gateway say so", () => {
    assert.deepEqual(parse(DEFAULT.replace("fe030001", "fe030007")), [
      "0.0.0.0/0 via 10.5.0.1 src 10.5.0.2 dev 3 metric 100 proto 3",
    ]);
    const flagged = DEFAULT.replace("fe03000100000000", "fe03000114000000"); // RTNH_F_ONLINK | RTNH_F_LINKDOWN
    assert.match(parse(flagged)[0] ?? "", /isUnicast isOnlink isDown$/);
  });

  test("with several next hops have the first, with an IPv6 gateway have that", () => {
    const hop = "1000" + "00" + "00" + "05000000" + "080005000a050009"; // 16 bytes, no flags, interface 5, by 10.5.0.9
    const hops = `24000900${hop}${hop.replace("05000000", "06000000")}`;
    const multipath = `48000000${DEFAULT.slice(8, 56)}08000f00fe000000${hops}`;
    assert.deepEqual(parse(multipath), ["0.0.0.0/0 via 10.5.0.9 dev 5 metric 0 proto 3 isUnicast"]);
    const via = "16001200" + "0a00" + "fe800000000000000000000000000001" + "0000";
    const other = `44000000${DEFAULT.slice(8, 56)}${via}080004000300000008000f00fe000000`;
    assert.deepEqual(parse(other.replace("44000000", "44000000")), [
      "0.0.0.0/0 via fe80::1 dev 3 metric 0 proto 3 isUnicast",
    ]);
  });

  test("no bytes make it throw or run on", () => {
    const good = Buffer.from(DEFAULT + DEFAULT_IPV6 + CONNECTED + DONE, "hex");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          for (const { destination } of parseRoutes(bytes, length)) {
            assert.ok(destination.bits <= 8 * destination.bytes.length);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
