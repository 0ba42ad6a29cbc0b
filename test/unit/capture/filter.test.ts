import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { compileFilter, MAX_FILTER_LENGTH } from "../../../src/capture/filter.ts";
import { PassingFrame } from "../../../src/capture/passing-frame.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { type Packet, superFrameBytes } from "../../property/super-frame.ts";

const HOST_1 = "020000000001";
const HOST_2 = "020000000002";
const EVERYBODY = "ffffffffffff";
const ipv4 = (protocol: string, rest: string, fragment = "0000"): string =>
  `0800 4500${(20 + rest.replaceAll(" ", "").length / 2).toString(16).padStart(4, "0")}0001${fragment}40${protocol}0000 0a000001 c0a80105 ${rest}`;
const ipv6 = (next: string, rest: string): string =>
  `86dd 60000000${(rest.replaceAll(" ", "").length / 2).toString(16).padStart(4, "0")}${next}40 fd000000000000000000000000000001 fd000000000000000000000000000002 ${rest}`;

/** Hex of frames, by what they are. */
const FRAMES = {
  arp: `${EVERYBODY}${HOST_1} 0806 0001 0800 06 04 0001 ${HOST_1} 0a000001 000000000000 0a000002`,
  dns: `${HOST_2}${HOST_1} ${ipv4("11", "c001 0035 0008 0000")}`,
  web: `${HOST_2}${HOST_1} ${ipv4("06", "01bb c002 00000000 00000000 5010 0000 0000 0000")}`,
  ping: `${HOST_2}${HOST_1} ${ipv4("01", "0800 0000 0000 0001")}`,
  laterFragment: `${HOST_2}${HOST_1} ${ipv4("11", "c001 0035 0008 0000", "0010")}`,
  ping6: `${HOST_2}${HOST_1} ${ipv6("3a", "8000 0000 0000 0001")}`,
  behindOptions: `${HOST_2}${HOST_1} ${ipv6("00", "1100 000000000000 c001 0035 0008 0000")}`,
  tagged: `${HOST_2}${HOST_1} 8100 0005 ${ipv4("11", "c001 0035 0008 0000")}`,
  group: `01005e000001${HOST_1} 88cc 0000`,
  runt: `${HOST_2}02`,
} as const;

type FrameName = keyof typeof FRAMES;

interface Circumstances {
  readonly isEgress?: boolean;
  readonly drop?: DropReason;
}

function passes(
  filter: string,
  bytes: Uint8Array,
  { isEgress = false, drop = Drop.none }: Circumstances = {},
): boolean {
  const compiled = compileFilter(filter);
  assert.ok(compiled.state === "good", `${filter}: ${JSON.stringify(compiled)}`);
  const passing = new PassingFrame();
  passing.show(new Frame(bytes).set(bytes, 0, bytes.length, false), isEgress, drop);
  return compiled.test(passing);
}

const bytesOf = (name: FrameName): Uint8Array => Buffer.from(FRAMES[name].replaceAll(" ", ""), "hex");
const passing = (filter: string): string =>
  Object.keys(FRAMES)
    .filter((name) => passes(filter, bytesOf(name as FrameName)))
    .join(" ");

/** A filter, and the frames that it lets pass. */
const EXAMPLES: readonly (readonly [filter: string, frames: string])[] = [
  ["", Object.keys(FRAMES).join(" ")],
  ["arp", "arp"],
  ["ip", "dns web ping laterFragment tagged"],
  ["ip6", "ping6 behindOptions"],
  ["tcp", "web"],
  ["udp", "dns laterFragment behindOptions tagged"],
  ["icmp", "ping"],
  ["icmp6", "ping6"],
  ["port 53", "dns behindOptions tagged"],
  ["src port 53", ""],
  ["tcp src port 443", "web"],
  ["udp port 443", ""],
  ["portrange 400-500", "web"],
  ["host 10.0.0.1", "arp dns web ping laterFragment tagged"],
  ["host 10.0.0.2", "arp"],
  ["arp host 10.0.0.2", "arp"],
  ["ip host 10.0.0.2", ""],
  ["src 10.0.0.1 and dst 192.168.1.5 and tcp", "web"],
  ["dst host 10.0.0.1", ""],
  ["net 192.168.0.0/16", "dns web ping laterFragment tagged"],
  ["dst net fd00::/8 and udp", "behindOptions"],
  ["host fd00::1", "ping6 behindOptions"],
  ["vlan", "tagged"],
  ["vlan 5 and port 53", "tagged"],
  ["vlan 6", ""],
  ["ether host 02-00-00-00-00-02", "dns web ping laterFragment ping6 behindOptions tagged"],
  ["ether src 02:00:00:00:00:02", ""],
  ["ether proto 0x88cc", "group"],
  ["broadcast", "arp"],
  ["ether multicast", "arp group"],
  ["multicast and not broadcast", "group"],
  ["less 13", "runt"],
  ["greater 60", "ping6 behindOptions"],
  // Both bind alike, from the left, as in tcpdump.
  ["arp or ip and port 53", "dns tagged"],
  ["arp or (ip and port 53)", "arp dns tagged"],
  ["!ip&&!ip6&&!(arp||broadcast)", "group runt"],
  ["NOT (IP OR IP6 OR ARP) AND Multicast", "group"],
  ["dropped or egress", ""],
];

describe("a capture's filter", () => {
  for (const [filter, frames] of EXAMPLES) {
    test(`\`${filter}\` lets pass: ${frames}`, () => assert.equal(passing(filter), frames));
  }

  test("knows what became of a frame, and which way it went", () => {
    const dns = bytesOf("dns");
    assert.ok(passes("dropped", dns, { drop: Drop.aclDenied }));
    assert.ok(passes("dropped acl-denied and udp", dns, { drop: Drop.aclDenied }));
    assert.ok(!passes("dropped arp-spoof", dns, { drop: Drop.aclDenied }));
    assert.ok(passes("egress and not ingress", dns, { isEgress: true }));
    assert.ok(passes("ingress and not dropped", dns));
  });

  test("takes a super-frame for as long as its segments", () => {
    const packet: Packet = {
      ...{ vlanTags: [], ipVersion: 4, protocol: "tcp", ipv4Options: [], ipv6Extensions: [], tcpOptions: [] },
      ...{ source: [10, 0, 0, 1], destination: [10, 0, 0, 2], finalDestination: [10, 0, 0, 2] },
      ...{ identification: 1, sequence: 1, tcpFlags: 0x10, payload: new Array<number>(9000).fill(1) },
    };
    const bytes = Uint8Array.from(superFrameBytes({ packet, gsoSize: 1000, ecn: false }));
    const shown = new PassingFrame();
    shown.show(new Frame(bytes).set(bytes, 10, bytes.length, true), false, Drop.none);
    assert.equal(shown.lengthBytes, 14 + 20 + 20 + 1000);
  });

  test("says where it is wrong, and what would be right there", () => {
    const wrong = (filter: string): string => {
      const compiled = compileFilter(filter);
      return compiled.state === "wrong" ? compiled.message : "good";
    };
    assert.match(wrong("arp or prot 53"), /at character 8: `prot` stands here, expected is `arp`, .* or `\(`\.$/);
    assert.match(wrong("tcp port"), /at character 9: it ends here, expected is a port from 0 to 65535\.$/);
    assert.match(wrong("port 70000"), /at character 6: `70000` stands here, expected is a number up to 65535/);
    assert.match(wrong("host 10.0.0.0/8"), /at character 6: .* an IP address; for `10.0.0.0\/8` there is `net`/);
    assert.match(wrong("(arp or ip"), /at character 11: it ends here, expected is `and`, `or` or `\)`/);
    assert.match(wrong("arp ip"), /at character 5: `ip` stands here, expected is `and`, `or` or the end/);
    assert.match(wrong("portrange 90-80"), /two ports such as `8000-8099`/);
    assert.match(wrong("ether host 10.0.0.1"), /a MAC address/);
    assert.match(wrong("ether port 1"), /`host`, `src`, `dst`, `proto`, `broadcast` or `multicast`/);
    assert.match(wrong("udp host 10.0.0.1"), /at character 5: `host` stands here, expected is `and`, `or` or the end/);
    assert.match(wrong("ether proto 0x12345"), /an ethertype/);
    assert.match(wrong("arp; ip"), /at character 4: `;` does not belong into a filter/);
    assert.match(wrong("constructor"), /at character 1/);
  });

  test("is bounded in length and depth", () => {
    const deep = (levels: number): string => `${"(".repeat(levels)}arp${")".repeat(levels)}`;
    assert.equal(compileFilter(deep(32)).state, "good");
    assert.deepEqual(compileFilter(deep(33)).state, "wrong");
    assert.equal(compileFilter(`${"not ".repeat(33)}arp`).state, "wrong");
    assert.equal(compileFilter(" ".repeat(MAX_FILTER_LENGTH + 1)).state, "wrong");
    assert.equal(compileFilter("arp or ".repeat(140).slice(0, -4)).state, "good");
  });

  test("allocates nothing per frame", () => {
    const compiled = compileFilter(
      "vlan 5 or not (src net 10.1.0.0/16 and portrange 1-1023) and not dropped or less 60",
    );
    assert.ok(compiled.state === "good");
    const bytes = bytesOf("behindOptions");
    const frame = new Frame(bytes).set(bytes, 0, bytes.length, false);
    const shown = new PassingFrame();
    let passed = 0;
    const grown = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 50_000; i++) {
        shown.show(frame, false, Drop.none);
        if (compiled.test(shown)) passed++;
      }
    });
    assert.ok(passed > 0);
    assert.ok(grown < 50_000, `${grown} bytes for 50,000 frames`);
  });
});
