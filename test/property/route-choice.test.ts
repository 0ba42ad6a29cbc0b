import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseRoute, ROUTE_PROTOCOL, type RouteChoice } from "../../src/device/route-choice.ts";
import { type Route, RTPROT_KERNEL } from "../../src/device/route-message.ts";

const TAP = 7;

const route = fc
  .record({
    bits: fc.constantFrom(0, 1, 8, 24, 32),
    bytes: fc.tuple(fc.constantFrom(10, 11, 203), fc.constantFrom(0, 1), fc.constant(0), fc.constantFrom(0, 1)),
    hasGateway: fc.boolean(),
    index: fc.constantFrom(2, 3, TAP),
    metric: fc.constantFrom(0, 100, 600),
    protocol: fc.constantFrom(RTPROT_KERNEL, 3, 16, ROUTE_PROTOCOL),
    isUnicast: fc.constantFrom(true, true, true, false),
    isDown: fc.constantFrom(false, false, true),
  })
  .map(({ bits, bytes, hasGateway, ...rest }): Route => {
    const masked = bytes.map((byte, i) => byte & (0xff00 >>> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff);
    return {
      ...rest,
      destination: { version: 4, bytes: Uint8Array.from(masked), bits },
      gateway: hasGateway ? Uint8Array.of(10, 0, 0, 1) : new Uint8Array(0),
      source: new Uint8Array(0),
      isOnlink: false,
    };
  });

const address = fc.tuple(fc.constantFrom(10, 11, 203), fc.constantFrom(0, 1), fc.constant(0), fc.constantFrom(0, 1));

const binary = (bytes: Iterable<number>): string =>
  [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");

/** By texts of ones and zeros, and by sorting. */
function naiveChoice(routes: readonly Route[], to: readonly number[], only: number | undefined): RouteChoice {
  const fitting = routes
    .filter(({ destination }) => binary(to).startsWith(binary(destination.bytes).slice(0, destination.bits)))
    .filter(({ protocol }) => protocol !== ROUTE_PROTOCOL);
  const sorted = (some: readonly Route[]): Route | undefined =>
    [...some].sort((a, b) => b.destination.bits - a.destination.bits || a.metric - b.metric)[0];
  const inside = sorted(fitting.filter(({ index }) => index === TAP));
  const outside = sorted(
    fitting.filter(({ index, isDown }) => index !== TAP && !isDown && (only === undefined || only === index)),
  );
  if (!outside) return { way: inside ? "inside" : "none" };
  if (!outside.isUnicast) return { way: "none" };
  const isDirect =
    outside.destination.bits === 32 || (outside.protocol === RTPROT_KERNEL && outside.gateway.length === 0);
  if (isDirect && !(inside && inside.destination.bits >= outside.destination.bits)) return { way: "direct" };
  return { way: "pin", route: outside };
}

test("the way out is that of the longest prefix and the least metric beside the VPN", () => {
  fc.assert(
    fc.property(fc.array(route, { maxLength: 8 }), address, fc.option(fc.constantFrom(2, 3)), (routes, to, only) => {
      const question = { address: Uint8Array.from(to), tapIndex: TAP, interfaceIndex: only ?? undefined };
      assert.deepEqual(chooseRoute(routes, question), naiveChoice(routes, to, only ?? undefined));
    }),
    { numRuns: 2_000 },
  );
});
