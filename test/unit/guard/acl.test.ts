import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { AccessList, MAX_ACL_PARTS, MAX_ACL_RULES } from "../../../src/guard/acl.ts";
import type { AclRule } from "../../../src/switch/port-rules.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { arpFrame, ethernetFrame, headersOf, ipFrame } from "./packet-frames.ts";

const [TCP, UDP, ICMP] = [6, 17, 1];

function rule(action: "allow" | "deny", named: Partial<AclRule> = {}): AclRule {
  return {
    action,
    direction: "both",
    ipVersion: undefined,
    protocol: undefined,
    source: [],
    destination: [],
    sourcePorts: [],
    destinationPorts: [],
    ...named,
  };
}

function prefixes(...texts: string[]): IpPrefix[] {
  return texts.map((text) => {
    const parsed = parseIpPrefix(text);
    assert.ok(parsed !== undefined);
    return parsed;
  });
}

const port = (number: number): { from: number; to: number } => ({ from: number, to: number });

/** Judges twice: the second time the verdict is remembered. */
function judge(rules: readonly AclRule[], frame: Uint8Array): number {
  const list = new AccessList(rules);
  const headers = headersOf(frame);
  const drop = list.fromPeer(headers);
  assert.equal(list.fromPeer(headers), drop);
  assert.equal(list.toPeer(headers), drop);
  return drop;
}

test("without rules everything passes", () => {
  for (const frame of [ipFrame({}), new Uint8Array(1), ipFrame({ tags: [0, 0, 0] })]) {
    assert.equal(judge([], frame), Drop.none);
  }
});

test("the first rule that matches decides, and none is a denial", () => {
  const http = ipFrame({ protocol: TCP, ports: [50_000, 80] });
  assert.equal(judge([rule("deny", { protocol: TCP }), rule("allow")], http), Drop.aclDenied);
  assert.equal(judge([rule("allow"), rule("deny", { protocol: TCP })], http), Drop.none);
  assert.equal(judge([rule("allow", { protocol: UDP })], http), Drop.aclDenied);
});

test("a direction without rules is free, one with rules is not", () => {
  const allowed = headersOf(ipFrame({ ports: [1, 53] }));
  const other = headersOf(ipFrame({ ports: [1, 54] }));
  const list = new AccessList([rule("allow", { direction: "to-peer", destinationPorts: [port(53)] })]);
  assert.deepEqual([list.fromPeer(allowed), list.fromPeer(other)], [Drop.none, Drop.none]);
  assert.deepEqual([list.toPeer(allowed), list.toPeer(other)], [Drop.none, Drop.aclDenied]);
});

test("each direction remembers its own verdict of a flow", () => {
  const list = new AccessList([rule("allow", { direction: "from-peer" }), rule("deny", { direction: "to-peer" })]);
  const headers = headersOf(ipFrame({ ports: [1, 2] }));
  for (let i = 0; i < 2; i++) {
    assert.equal(list.fromPeer(headers), Drop.none);
    assert.equal(list.toPeer(headers), Drop.aclDenied);
  }
});

test("everything that a rule names must be so", () => {
  const named = rule("allow", {
    ipVersion: 4,
    protocol: UDP,
    source: prefixes("10.0.0.0/24", "192.0.2.1"),
    destination: prefixes("10.0.0.2"),
    sourcePorts: [{ from: 1000, to: 1999 }],
    destinationPorts: [port(53), { from: 60, to: 69 }],
  });
  const parts = { from: "10.0.0.1", to: "10.0.0.2", protocol: UDP } as const;
  assert.equal(judge([named], ipFrame({ ...parts, ports: [1000, 53] })), Drop.none);
  assert.equal(judge([named], ipFrame({ ...parts, ports: [1999, 69] })), Drop.none);
  assert.equal(judge([named], ipFrame({ ...parts, from: "192.0.2.1", ports: [1500, 60] })), Drop.none);
  for (const wrong of [
    ipFrame({ ...parts, from: "10.0.1.1", ports: [1000, 53] }),
    ipFrame({ ...parts, to: "10.0.0.3", ports: [1000, 53] }),
    ipFrame({ ...parts, protocol: TCP, ports: [1000, 53] }),
    ipFrame({ ...parts, ports: [999, 53] }),
    ipFrame({ ...parts, ports: [2000, 53] }),
    ipFrame({ ...parts, ports: [1000, 59] }),
    ipFrame({ ...parts, ports: [1000, 70] }),
  ]) {
    assert.equal(judge([named], wrong), Drop.aclDenied);
  }
});

test("IP versions are told apart by version and by prefixes", () => {
  const packet4 = ipFrame({ ports: [1, 2] });
  const packet6 = ipFrame({ from: "fd00::1", to: "fd00::2", ports: [1, 2] });
  assert.equal(judge([rule("allow", { ipVersion: 6 })], packet4), Drop.aclDenied);
  assert.equal(judge([rule("allow", { ipVersion: 6 })], packet6), Drop.none);
  assert.equal(judge([rule("allow", { source: prefixes("::/0") })], packet4), Drop.aclDenied);
  assert.equal(judge([rule("allow", { source: prefixes("0.0.0.0/0") })], packet6), Drop.aclDenied);
  assert.equal(judge([rule("allow", { source: prefixes("0.0.0.0/0", "::/0") })], packet6), Drop.none);
});

test("what is not IP is not judged", () => {
  for (const frame of [arpFrame("10.0.0.1", "10.0.0.2"), ethernetFrame(0x88cc, []), ethernetFrame(38, [])]) {
    assert.equal(judge([rule("deny")], frame), Drop.none);
  }
});

test("what cannot be parsed never matches an allow", () => {
  const good = ipFrame({ protocol: TCP, ports: [1, 2] });
  const changed = (at: number, value: number): Uint8Array => {
    const frame = good.slice();
    frame[at] = value;
    return frame;
  };
  const all = [rule("allow")];
  assert.equal(judge(all, good), Drop.none);
  const broken = {
    "IPv4 behind SNAP": ethernetFrame(9, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45]),
    "cut short in its ports": good.subarray(0, 37),
    "cut short in its IP header": good.subarray(0, 33),
    "cut short in its Ethernet header": good.subarray(0, 13),
    "another IP version than the ethertype's": changed(14, 0x65),
    "an IP header of less than 20 bytes": changed(14, 0x44),
    "an IP header longer than the packet": changed(14, 0x4f),
    "a total length beyond the frame": changed(17, 29),
    "a first fragment without its ports": ipFrame({ protocol: TCP, moreFragments: true }),
    "more VLAN tags than are looked behind": ipFrame({ ports: [1, 2], tags: [0, 0, 0] }),
  };
  for (const [name, frame] of Object.entries(broken)) assert.equal(judge(all, frame), Drop.aclDenied, name);
});

test("a later fragment matches rules about its addresses and protocol, but none about ports", () => {
  const later = ipFrame({ fragmentOffset: 3 });
  assert.equal(judge([rule("allow", { protocol: UDP })], later), Drop.none);
  assert.equal(judge([rule("allow", { protocol: TCP })], later), Drop.aclDenied);
  assert.equal(judge([rule("allow", { destinationPorts: [{ from: 0, to: 65_535 }] })], later), Drop.aclDenied);
  assert.equal(judge([rule("allow", { sourcePorts: [{ from: 0, to: 65_535 }] })], later), Drop.aclDenied);
  assert.equal(judge([rule("deny", { destinationPorts: [port(53)] }), rule("allow")], later), Drop.none);
  const first = ipFrame({ moreFragments: true, ports: [1, 53] });
  assert.equal(judge([rule("deny", { destinationPorts: [port(53)] }), rule("allow")], first), Drop.aclDenied);
});

test("a protocol without ports matches no rule about ports", () => {
  const ping = ipFrame({ protocol: ICMP, ports: [0x0800, 0] });
  assert.equal(judge([rule("allow", { destinationPorts: [{ from: 0, to: 65_535 }] })], ping), Drop.aclDenied);
  assert.equal(judge([rule("allow", { protocol: ICMP })], ping), Drop.none);
});

test("the verdict of a flow is not lent to one that differs in anything a rule can ask", () => {
  const rules = [rule("allow", { protocol: UDP, destinationPorts: [port(65_535)], sourcePorts: [port(65_535)] })];
  const list = new AccessList(rules);
  const base = { from: "fd00::1", to: "fd00::2", ports: [65_535, 65_535] as const };
  assert.equal(list.fromPeer(headersOf(ipFrame(base))), Drop.none);
  for (const other of [
    ipFrame({ ...base, ports: [65_535, 65_534] }),
    ipFrame({ ...base, ports: [65_534, 65_535] }),
    ipFrame({ ...base, protocol: TCP }),
    ipFrame({ from: base.from, to: base.to, fragmentOffset: 1 }),
  ]) {
    assert.equal(list.fromPeer(headersOf(other)), Drop.aclDenied);
    assert.equal(list.fromPeer(headersOf(ipFrame(base))), Drop.none);
  }
});

test("more rules, prefixes or port ranges than a packet may be compared with are refused", () => {
  assert.ok(new AccessList(new Array<AclRule>(MAX_ACL_RULES).fill(rule("deny"))));
  assert.throws(() => new AccessList(new Array<AclRule>(MAX_ACL_RULES + 1).fill(rule("deny"))), ConfigError);
  const ranges = (count: number): AclRule[] => [rule("allow", { sourcePorts: new Array(count).fill(port(1)) })];
  assert.ok(new AccessList(ranges(MAX_ACL_PARTS)));
  assert.throws(() => new AccessList([...ranges(MAX_ACL_PARTS), ...ranges(1)]), ConfigError);
});

test("judging allocates nothing, whether the flow is known or not", () => {
  const named = { source: prefixes("10.0.0.0/8", "fd00::/8"), destinationPorts: [port(53)] };
  const list = new AccessList([rule("deny", { ...named, protocol: TCP }), rule("allow", named)]);
  const frames = [ipFrame({ ports: [1, 53] }), ipFrame({ from: "fd00::1", to: "fd00::2", ports: [1, 53] })] as const;
  const headers = headersOf(frames[0]);
  let passed = 0;
  const grown = leastHeapGrowthBytes(() => {
    for (let i = 0; i < 100_000; i++) {
      const frame = frames[i & 1] as Uint8Array;
      frame[i & 1 ? 55 : 35] = i % 4 === 0 ? i >> 8 : 1;
      headers.parse(frame, 0, frame.length);
      if (list.fromPeer(headers) === Drop.none) passed++;
    }
  });
  assert.ok(passed > 0 && grown < 100_000, `grew by ${grown} bytes`);
});
