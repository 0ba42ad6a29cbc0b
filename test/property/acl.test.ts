import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import { AccessList } from "../../src/guard/acl.ts";
import type { AclRule } from "../../src/switch/port-rules.ts";
import { type IpPrefix, parseIpPrefix } from "../../src/wire/ip-prefix.ts";
import { PacketHeaders } from "../../src/wire/packet-headers.ts";
import { damagedFrame, wellFormedFrame } from "./damaged-frame.ts";
import { type NaiveHeaders, naiveHeaders } from "./naive-headers.ts";

const PREFIXES = ["10.0.0.0/8", "10.0.0.1", "11.0.0.0/31", "0.0.0.0/0", "fd00::/8", "fd00::1", "a00::/7", "::/0"];
const prefix = fc.constantFrom(...PREFIXES).map((text) => parseIpPrefix(text) as IpPrefix);
const range = fc.constantFrom(
  { from: 0, to: 65_535 },
  { from: 53, to: 80 },
  { from: 443, to: 443 },
  { from: 0, to: 0 },
);
/** Mostly nothing, or few rules would match. */
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: fc.array(one, { maxLength: 3 }) });

const rule: fc.Arbitrary<AclRule> = fc.record({
  action: fc.constantFrom("allow", "deny"),
  direction: fc.constantFrom("from-peer", "to-peer", "both"),
  ipVersion: fc.constantFrom(undefined, undefined, 4 as const, 6 as const),
  protocol: fc.constantFrom(undefined, undefined, 6, 17, 58),
  source: some(prefix),
  destination: some(prefix),
  sourcePorts: some(range),
  destinationPorts: some(range),
});

/** A prefix and an address as strings of bits. */
function isIn({ bytes, bits }: IpPrefix, address: readonly number[]): boolean {
  const textOf = (octets: Iterable<number>): string =>
    [...octets].map((one) => one.toString(2).padStart(8, "0")).join("");
  return bytes.length === address.length && textOf(address).startsWith(textOf(bytes).slice(0, bits));
}

function naiveMatch(named: AclRule, headers: NaiveHeaders, frame: readonly number[]): boolean {
  const addressBytes = headers.ipVersion === 4 ? 4 : 16;
  const addressAt = (at: number): number[] => frame.slice(at, at + addressBytes);
  return [
    named.ipVersion === undefined || named.ipVersion === headers.ipVersion,
    named.protocol === undefined || named.protocol === headers.protocol,
    named.source.length === 0 || named.source.some((one) => isIn(one, addressAt(headers.sourceIp))),
    named.destination.length === 0 || named.destination.some((one) => isIn(one, addressAt(headers.destinationIp))),
    named.sourcePorts.length === 0 ||
      named.sourcePorts.some(({ from, to }) => headers.sourcePort >= from && headers.sourcePort <= to),
    named.destinationPorts.length === 0 ||
      named.destinationPorts.some(({ from, to }) => headers.destinationPort >= from && headers.destinationPort <= to),
  ].every((part) => part);
}

function naiveJudge(rules: readonly AclRule[], direction: string, frame: readonly number[]): number {
  const own = rules.filter((one) => one.direction === direction || one.direction === "both");
  const headers = naiveHeaders(frame);
  if (own.length === 0) return Drop.none;
  if (!headers.isWhole) return Drop.aclDenied;
  if (headers.ipVersion === 0) return Drop.none;
  return own.find((one) => naiveMatch(one, headers, frame))?.action === "allow" ? Drop.none : Drop.aclDenied;
}

test("an access list decides as the first matching rule does, however many flows it has seen", () => {
  const rules = fc.array(rule, { maxLength: 6 });
  const frames = fc.array(fc.oneof(wellFormedFrame, wellFormedFrame, damagedFrame), { minLength: 1, maxLength: 12 });
  const headers = new PacketHeaders();
  const seen = { passed: 0, denied: 0 };
  fc.assert(
    fc.property(rules, frames, fc.integer(), (rules, frames, seed) => {
      const list = new AccessList(rules, seed);
      for (const frame of [...frames, ...frames]) {
        headers.parse(Uint8Array.from(frame), 0, frame.length);
        const [up, down] = [list.fromPeer(headers), list.toPeer(headers)];
        assert.equal(up, naiveJudge(rules, "from-peer", frame));
        assert.equal(down, naiveJudge(rules, "to-peer", frame));
        if (rules.length > 0) seen[up === Drop.none ? "passed" : "denied"]++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(seen.passed > 500 && seen.denied > 500, "both verdicts were met often");
});

test("ten thousand flows through one list are each judged by their own ports", () => {
  const allowed = (port: number): boolean => port % 7 === 0;
  const rules = Array.from({ length: 200 }, (_, i): AclRule => {
    const ports = [{ from: i * 7, to: i * 7 }];
    const named = { ipVersion: undefined, protocol: 17, source: [], destination: [], sourcePorts: [] };
    return { ...named, action: "allow", direction: "from-peer", destinationPorts: ports };
  });
  const list = new AccessList(rules);
  const headers = new PacketHeaders();
  const frame = Uint8Array.from([
    ...[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00],
    ...[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    ...[0, 0, 0, 0, 0, 8, 0, 0],
  ]);
  const view = new DataView(frame.buffer);
  for (let flow = 0; flow < 10_000; flow++) {
    const port = (flow * 31) % 1400;
    view.setUint16(34, flow % 50);
    view.setUint16(36, port);
    headers.parse(frame, 0, frame.length);
    assert.equal(list.fromPeer(headers), allowed(port) ? Drop.none : Drop.aclDenied);
  }
});
