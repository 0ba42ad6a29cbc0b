import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Frame } from "../../../src/wire/frame.ts";
import { clampMss } from "../../../src/wire/mss.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

const ETHERNET = "020000000001" + "020000000002"; // destination, source
// version and length, 44 bytes, id, DF, TTL 64, TCP, checksum, 10.9.0.1 to 10.9.0.2
const IPV4 = "4500002c" + "12344000" + "40060000" + "0a090001" + "0a090002";
// port 40000 to 80, sequence, acknowledgement, 24 bytes, SYN, window, checksum, urgent pointer
const TCP = "9c400050" + "00000001" + "00000000" + "6002faf0" + "12340000";
const MSS_1460 = "020405b4";
const MSS_1260 = "020404ec"; // 1300 less 40
const MSS_1240 = "020404d8"; // 1300 less 60

function clamped(hex: string, mtu: number): { hex: string; isLowered: boolean } {
  const bytes = Buffer.from(hex, "hex");
  const isLowered = clampMss(new Frame(bytes).set(bytes, 0, bytes.length, false), mtu);
  return { hex: bytes.toString("hex"), isLowered };
}

describe("clamping the MSS", () => {
  test("lowers that of a SYN over IPv4, and mends the checksum", () => {
    const { hex, isLowered } = clamped(`${ETHERNET}0800${IPV4}${TCP}${MSS_1460}`, 1300);
    // 1460 less 1260 is 0xc8, by which the checksum grows: 0x1234 + 0xc8 = 0x12fc.
    assert.equal(hex, `${ETHERNET}0800${IPV4}${TCP.replace("12340000", "12fc0000")}${MSS_1260}`);
    assert.equal(isLowered, true);
  });

  test("lowers that of a SYN over IPv6, behind two tags", () => {
    const tags = "88a80005" + "81000006";
    const ipv6 = `60000000${"0018"}0640fd${"0".repeat(29)}1fd${"0".repeat(29)}2`;
    const { hex, isLowered } = clamped(`${ETHERNET + tags}86dd${ipv6}${TCP}${MSS_1460}`, 1300);
    assert.equal(hex, `${ETHERNET + tags}86dd${ipv6}${TCP.replace("12340000", "13100000")}${MSS_1240}`);
    assert.equal(isLowered, true);
  });

  test("leaves one that is small enough, and one that is exactly as large", () => {
    for (const mtu of [1500, 9000]) {
      const frame = `${ETHERNET}0800${IPV4}${TCP}${MSS_1460}`;
      assert.deepEqual(clamped(frame, mtu), { hex: frame, isLowered: false });
    }
  });

  test("leaves fragments, and packets of other protocols", () => {
    const fragment = `${ETHERNET}0800${IPV4.replace("12344000", "12342000")}${TCP}${MSS_1460}`;
    const udp = `${ETHERNET}0800${IPV4.replace("40060000", "40110000")}${TCP}${MSS_1460}`;
    const arp = `${ETHERNET}0806${IPV4}${TCP}${MSS_1460}`;
    for (const frame of [fragment, udp, arp]) assert.deepEqual(clamped(frame, 576), { hex: frame, isLowered: false });
  });

  test("allocates nothing", () => {
    const bytes = Buffer.from(`${ETHERNET}0800${IPV4}${TCP}${MSS_1460}`, "hex");
    const frame = new Frame(bytes).set(bytes, 0, bytes.length, false);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 50_000; i++) {
        bytes[bytes.length - 2] = 0x05;
        clampMss(frame, 1300);
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes`);
  });
});
