import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { DropReason } from "../../src/base/drop-reason.ts";
import { AddressGuard } from "../../src/guard/address-guard.ts";
import { BINDINGS_DEFAULTS, Bindings } from "../../src/guard/bindings.ts";
import { GUARD_DEFAULTS } from "../../src/guard/guard-options.ts";
import { PacketHeaders } from "../../src/wire/packet-headers.ts";
import {
  arp,
  dhcpFromClient,
  dhcpFromServer,
  ipv4,
  linkLayerOption,
  neighbour,
  tcp,
} from "../unit/guard/address-frames.ts";

const MAC = "02:00:00:00:00:0a";
const ND = { from: MAC, source: "fe80::a", target: "fd00::a" } as const;
const FRAMES = [
  arp({ from: MAC, operation: "request", senderIp: "10.0.0.10", targetIp: "10.0.0.1" }),
  arp({ from: MAC, operation: "reply", senderIp: "10.0.0.10", targetIp: "10.0.0.1", vlanId: 7 }),
  neighbour({ ...ND, type: 133, options: linkLayerOption(1, MAC) }),
  neighbour({ ...ND, type: 135, options: linkLayerOption(1, MAC) }),
  neighbour({ ...ND, type: 136, options: linkLayerOption(2, MAC) }),
  dhcpFromClient({ from: MAC, type: 7, chaddr: MAC, ciaddr: "10.0.0.20" }),
  dhcpFromClient({ from: MAC, type: 4, chaddr: MAC, requestedAddress: "10.0.0.20" }),
  dhcpFromServer({ from: MAC, type: 5, chaddr: MAC, yiaddr: "10.0.0.20", leaseSeconds: 60 }),
  ipv4({ from: MAC, source: "10.0.0.10", destination: "10.0.0.1", protocol: 6, payload: tcp(1, 2) }),
];

/** A frame that is nearly right: some bytes changed, cut or longer. */
const frame = fc
  .record({
    which: fc.nat(FRAMES.length - 1),
    changes: fc.array(fc.tuple(fc.nat(340), fc.nat(255)), { maxLength: 4 }),
    cut: fc.oneof(fc.constant(0), fc.nat(60)),
    tail: fc.uint8Array({ maxLength: 24 }),
  })
  .map(({ which, changes, cut, tail }) => {
    const whole = FRAMES[which] as Uint8Array;
    const bytes = Uint8Array.from([...whole.subarray(0, Math.max(14, whole.length - cut)), ...tail]);
    for (const [at, value] of changes) if (at >= 12 && at < bytes.length) bytes[at] = value;
    return bytes;
  });

/** What two ports make of the frames, each between other bytes. */
function judge(frames: readonly Uint8Array[], around: number): { drops: DropReason[]; bound: string[] } {
  const bindings = new Bindings({ ...BINDINGS_DEFAULTS, capacity: 16, maxAssigned: 1, seed: 1 });
  const ports = [false, true].map((dhcpServer, port) => {
    const attachment = { port, owner: 5 + port, bridge: port === 1, dhcpServer, router: false, maxAddresses: 4 };
    return new AddressGuard(bindings, GUARD_DEFAULTS, attachment);
  });
  const headers = new PacketHeaders();
  const drops: DropReason[] = [];
  for (const [i, one] of frames.entries()) {
    const bytes = new Uint8Array(one.length + 80).fill(around);
    bytes.set(one, 40);
    headers.parse(bytes, 40, 40 + one.length);
    for (const port of ports) drops.push(port.inspect(headers, i));
    ports[1]?.observe(headers, i);
  }
  return { drops, bound: [...bindings.entries(0)].map((entry) => JSON.stringify(entry)).sort() };
}

describe("address guard", () => {
  test("judges whatever comes, by the bytes of the frame and by no other", () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), (frames) => {
        const verdict = judge(frames, 0x00);
        for (const around of [0x01, 0x02, 0x44, 0xff]) assert.deepEqual(judge(frames, around), verdict);
      }),
      { numRuns: 600 },
    );
  });
});
