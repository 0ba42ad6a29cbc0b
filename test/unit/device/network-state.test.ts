import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ipv4Routes, ipv6Routes, readNetworkState } from "../../../src/device/network-state.ts";

const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT                                                       
eth0	00000000	0100000A	0003	0	0	100	00000000	0	0	0                                                                               
eth0	0000000A	00000000	0001	0	0	100	00FFFFFF	0	0	0                                                                               
eth0	07071EC6	0100000A	0007	0	0	0	FFFFFFFF	0	0	0                                                                               
vpn0	0000090A	00000000	0001	0	0	0	00FFFFFF	0	0	0                                                                               
`;
const ZEROS = "0".repeat(32);
const IPV6 = `fd000000000000000000000000000000 40 ${ZEROS} 00 ${ZEROS} 00000100 00000001 00000007 00000001     eth0
${ZEROS} 00 ${ZEROS} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0
fd000000000000000000000000000002 80 ${ZEROS} 00 ${ZEROS} 00000000 00000002 00000000 80200001     eth0
fd090000000000000000000000000000 40 ${ZEROS} 00 ${ZEROS} 00000100 00000001 00000000 00000001     vpn0
`;

describe("network state", () => {
  test("of IPv4 routes it has destination, gateway and metric, but no host's and none of our own device", () => {
    assert.deepEqual(ipv4Routes(IPV4, "vpn0").slice(1), [
      "eth0 00000000/00000000 0100000A 100",
      "eth0 0000000A/00FFFFFF 00000000 100",
    ]);
  });

  test("of IPv6 routes as well, without what only counts", () => {
    const routes = ipv6Routes(IPV6, "vpn0");
    assert.equal(routes.length, 2);
    assert.deepEqual(routes, ipv6Routes(IPV6.replace("00000007", "00000063").replace("00450003", "00450001"), "vpn0"));
    assert.notDeepEqual(routes, ipv6Routes(IPV6.replace("00000400", "00000200"), "vpn0"));
  });

  test("a table of any length is read up to a bound, and a row that is cut there left out", () => {
    const routes = ipv4Routes("eth0 00000000 0100000A 0003 0 0 1 00000000 0 0 0\n".repeat(1_000_000), "");
    assert.ok(routes.length < 2_000);
    assert.equal(new Set(routes).size, 1);
  });

  test("addresses of other devices count, those of our own do not", () => {
    assert.match(readNetworkState("vpn0"), /^lo 127\.0\.0\.1\/8$/m);
    assert.doesNotMatch(readNetworkState("lo"), /^lo /m);
  });
});
