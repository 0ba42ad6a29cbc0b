import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Frame } from "../../../src/wire/frame.ts";
import { TooBigAnswer } from "../../../src/wire/icmp-too-big.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

const A = "02000000000a";
const B = "02000000000b";
const UDP = "01020304" + "000c0000" + "68656c70"; // ports, length, no checksum, "help"

// version and length, 32 bytes, id, DF, TTL 64, UDP, checksum, 10.9.0.1 to 10.9.0.2
const IPV4 = `45000020${"12344000"}40110000${"0a090001"}0a090002`;
const FROM = `fd00${"0".repeat(26)}0a`;
const TO = `fd00${"0".repeat(26)}0b`;
const IPV6 = `60000000${"000c"}1140${FROM}${TO}`;

function answerTo(hex: string, mtu: number): string | undefined {
  const bytes = Buffer.from(hex, "hex");
  const answer = new TooBigAnswer();
  if (!answer.make(new Frame(bytes).set(bytes, 0, bytes.length, false), mtu)) return undefined;
  const { bytes: made, start, end } = answer.frame;
  return Buffer.from(made.subarray(start, end)).toString("hex");
}

describe("the answer to what is too big", () => {
  test("over IPv4: fragmentation needed, with the MTU of the next hop", () => {
    const expected = [
      `${A}${B}0800`, // to the sender, from where the packet was for
      `45c0003c${"00004000"}4001`, // internetwork control, 60 bytes, DF, TTL 64, ICMP
      "25ed", // header checksum
      "0a0900020a090001", // from 10.9.0.2 to 10.9.0.1
      "0304", // destination unreachable, fragmentation needed
      "3385", // checksum
      "00000514", // unused, MTU 1300
      IPV4,
      UDP,
    ];
    assert.equal(answerTo(`${B}${A}0800${IPV4}${UDP}`, 1300), expected.join(""));
  });

  test("over IPv6, behind a tag: packet too big, which says 1280 at least", () => {
    const start = `${A}${B}81000007${"86dd"}60000000${"003c"}3a40${TO}${FROM}`;
    const made = answerTo(`${B}${A}81000007${"86dd"}${IPV6}${UDP}`, 1300) ?? "";
    assert.equal(made, `${start}0200${made.slice(start.length + 4, start.length + 8)}00000514${IPV6}${UDP}`);
    assert.match(answerTo(`${B}${A}86dd${IPV6}${UDP}`, 576) ?? "", new RegExp(`0200....00000500${IPV6}`));
  });

  test("quotes as much as keeps it below 576 and 1280 bytes", () => {
    const filler = "55".repeat(2_000);
    const ipv4 = `${IPV4.replace("45000020", "450007f0")}${UDP}${filler}`;
    assert.equal((answerTo(`${B}${A}0800${ipv4}`, 1300) ?? "").length / 2, 14 + 576);
    const ipv6 = `${IPV6.replace("000c1140", "07dc1140")}${UDP}${filler}`;
    assert.equal((answerTo(`${B}${A}86dd${ipv6}`, 1300) ?? "").length / 2, 14 + 1280);
  });

  const noAnswer = (name: string, hex: string): void =>
    void test(`there is none to ${name}`, () => assert.equal(answerTo(hex, 1300), undefined));
  const ipv4 = (header: string, payload = UDP): string => `${B}${A}0800${header}${payload}`;
  const ipv6 = (header: string, payload = UDP): string => `${B}${A}86dd${header}${payload}`;
  noAnswer("what may be fragmented", ipv4(IPV4.replace("12344000", "12340000")));
  noAnswer("a later fragment", ipv4(IPV4.replace("12344000", "12344010")));
  noAnswer("ARP", `${B}${A}0806${IPV4}${UDP}`);
  noAnswer("a broadcast frame", `ffffffffffff${A}0800${IPV4}${UDP}`);
  noAnswer("a frame from a group", `${B}01000000000a0800${IPV4}${UDP}`);
  noAnswer("a packet to a group", ipv4(IPV4.replace("0a090002", "ef010203")));
  noAnswer("a packet from nobody", ipv4(IPV4.replace("0a090001", "00000000")));
  noAnswer("a packet that says more than there is", ipv4(IPV4.replace("45000020", "45000021")));
  for (const type of ["03", "04", "05", "0b", "0c"]) {
    noAnswer(`the ICMPv4 error ${type}`, ipv4(IPV4.replace("40110000", "40010000"), `${type}00${UDP.slice(4)}`));
  }
  for (const type of ["01", "02", "7f", "89"]) {
    noAnswer(`the ICMPv6 error ${type}`, ipv6(IPV6.replace("000c1140", "000c3a40"), `${type}00${UDP.slice(4)}`));
  }
  noAnswer("a packet to an IPv6 group", ipv6(IPV6.replace(TO, `ff${TO.slice(2)}`)));
  noAnswer("a packet from the unspecified address", ipv6(IPV6.replace(FROM, "0".repeat(32))));

  test("there is one to a ping", () => {
    assert.notEqual(answerTo(ipv4(IPV4.replace("40110000", "40010000"), `0800${UDP.slice(4)}`), 1300), undefined);
    assert.notEqual(answerTo(ipv6(IPV6.replace("000c1140", "000c3a40"), `8000${UDP.slice(4)}`), 1300), undefined);
  });

  test("making one allocates nothing but the view of a long copy", () => {
    const bytes = Buffer.from(ipv4(IPV4), "hex");
    const frame = new Frame(bytes).set(bytes, 0, bytes.length, false);
    const answer = new TooBigAnswer();
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 20_000; i++) answer.make(frame, 1300);
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes`);
  });
});
