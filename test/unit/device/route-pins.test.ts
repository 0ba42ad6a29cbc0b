import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PeerError } from "../../../src/base/errors.ts";
import { ROUTE_PROTOCOL } from "../../../src/device/route-choice.ts";
import type { Route } from "../../../src/device/route-message.ts";
import { RoutePins } from "../../../src/device/route-pins.ts";
import type { RouteTable } from "../../../src/device/route-table.ts";
import {
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  parseIpAddress,
  parseIpPrefix,
} from "../../../src/wire/ip-prefix.ts";
import { RecordingLog } from "../../recording-log.ts";

const TAP = 7;
const SERVER = "203.0.113.5";
const NO_BYTES = new Uint8Array(0);

function route(prefix: string, gateway: string | undefined, index: number, more: Partial<Route> = {}): Route {
  const way = { gateway: gateway === undefined ? NO_BYTES : (parseIpAddress(gateway) as Uint8Array), source: NO_BYTES };
  const flags = { isUnicast: true, isOnlink: false, isDown: false };
  return { destination: parseIpPrefix(prefix) as IpPrefix, ...way, index, metric: 0, protocol: 3, ...flags, ...more };
}

/** A table of routes in memory; interfaces 2, 3 and the TAP are there. */
class FakeTable implements RouteTable {
  routes: Route[] = [];
  changes = 0;
  refusal: Error | undefined;

  read(version: 4 | 6, protocol = 0): readonly Route[] {
    return this.routes.filter(
      (one) => one.destination.version === version && (protocol === 0 || one.protocol === protocol),
    );
  }

  put(address: Uint8Array, by: Route, metric: number, protocol: number): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.#without(address, metric);
    this.routes.push(route(formatIpAddress(address), undefined, by.index, { gateway: by.gateway, metric, protocol }));
  }

  remove(address: Uint8Array, metric: number, protocol: number): void {
    assert.equal(protocol, ROUTE_PROTOCOL);
    const before = this.routes.length;
    this.#without(address, metric);
    assert.equal(this.routes.length, before - 1, "only what is there is removed");
  }

  linkName(index: number): string {
    return { 2: "eth0", 3: "wlan0", [TAP]: "vpn0" }[index] ?? "";
  }

  linkIndex(name: string): number {
    return { eth0: 2, wlan0: 3, vpn0: TAP }[name] ?? 0;
  }

  /** Our kind of routes, as `address gateway index metric`. */
  get pins(): string[] {
    return this.routes
      .filter(({ protocol }) => protocol === ROUTE_PROTOCOL)
      .map(({ destination, gateway, index, metric }) =>
        [formatIpPrefix(destination), gateway.length > 0 ? formatIpAddress(gateway) : "-", index, metric].join(" "),
      );
  }

  #without(address: Uint8Array, metric: number): void {
    this.changes++;
    const text = formatIpAddress(address);
    this.routes = this.routes.filter(
      (one) =>
        one.protocol !== ROUTE_PROTOCOL || formatIpAddress(one.destination.bytes) !== text || one.metric !== metric,
    );
  }
}

describe("pins of routes", () => {
  let log: RecordingLog;
  let table: FakeTable;

  beforeEach(() => {
    log = new RecordingLog();
    table = new FakeTable();
    table.routes = [
      route("0.0.0.0/0", "192.0.2.1", 2, { metric: 100 }),
      route("192.0.2.0/24", undefined, 2, { protocol: 2 }),
    ];
  });

  const make = (tapIndex = TAP, interfaceName?: string): RoutePins =>
    new RoutePins({ log, table }, { tapIndex, interfaceName });

  test("a server gets a route of its own, once, and none when we stop", () => {
    const pins = make();
    pins.pin(SERVER);
    pins.pin(SERVER);
    assert.deepEqual(table.pins, [`${SERVER}/32 192.0.2.1 2 ${TAP}`]);
    assert.equal(table.changes, 1, "nothing is set that is there already");
    assert.deepEqual(log.of("client.route")[0]?.fields, { address: SERVER, gateway: "192.0.2.1", device: "eth0" });
    pins.close();
    pins.close();
    assert.deepEqual(table.pins, []);
  });

  test("neighbours, ourselves, names and link-local addresses get none", () => {
    const pins = make();
    for (const address of ["192.0.2.77", "127.0.0.1", "::1", "fe80::5%eth0", "fe80::5", "vpn.example.com"])
      pins.pin(address);
    assert.deepEqual(table.pins, []);
  });

  test("it survives that the default route becomes the VPN's, and addresses that come later go the same way", () => {
    const pins = make();
    pins.pin(SERVER);
    table.routes = [
      ...table.routes.filter(({ destination }) => destination.bits > 0),
      route("0.0.0.0/0", undefined, TAP),
    ];
    pins.pin(SERVER);
    pins.pin("203.0.113.6");
    assert.deepEqual(table.pins, [`${SERVER}/32 192.0.2.1 2 ${TAP}`, `203.0.113.6/32 192.0.2.1 2 ${TAP}`]);
  });

  test("the default route may become the VPN's before the first address is known", () => {
    const pins = make();
    table.routes = [route("0.0.0.0/0", "10.9.0.1", TAP)];
    pins.pin(SERVER);
    assert.deepEqual(table.pins, [`${SERVER}/32 192.0.2.1 2 ${TAP}`]);
  });

  test("it follows another network", () => {
    const pins = make();
    pins.pin(SERVER);
    table.routes = [
      ...table.routes.filter(({ protocol }) => protocol === ROUTE_PROTOCOL),
      route("0.0.0.0/0", "198.51.100.1", 3),
    ];
    pins.pin(SERVER);
    assert.deepEqual(table.pins, [`${SERVER}/32 198.51.100.1 3 ${TAP}`]);
  });

  test("it goes when its address becomes a neighbour's", () => {
    const pins = make();
    pins.pin(SERVER);
    table.routes.push(route("203.0.113.0/24", undefined, 3, { protocol: 2 }));
    pins.pin(SERVER);
    assert.deepEqual(table.pins, []);
  });

  test("where the VPN is the only way the attempt is refused with a sentence", () => {
    table.routes = [route("0.0.0.0/0", undefined, TAP)];
    assert.throws(
      () => make().pin(SERVER),
      (error) => error instanceof PeerError && error.code === "ROUTE_INSIDE_VPN" && error.message.includes(SERVER),
    );
    table.routes = [];
    make().pin(SERVER);
    assert.deepEqual(table.pins, [], "no way at all is for the kernel to say");
  });

  test("two clients keep theirs, and what killed ones left behind goes", () => {
    const [one, other] = [make(TAP), make(3)];
    one.pin(SERVER);
    other.pin(SERVER);
    one.close();
    assert.deepEqual(table.pins, [`${SERVER}/32 192.0.2.1 2 3`]);
    const left = { metric: 99, protocol: ROUTE_PROTOCOL }; // interface 99 is gone
    table.routes.push(
      route("203.0.113.8/32", "192.0.2.1", 2, left),
      route("203.0.113.9/32", undefined, 2, { ...left, metric: TAP }),
    );
    make(TAP);
    assert.deepEqual(table.pins, [`${SERVER}/32 192.0.2.1 2 3`]);
  });

  test("with an interface given, it is by that one", () => {
    table.routes.push(route("0.0.0.0/0", "198.51.100.1", 3, { metric: 600 }));
    make(TAP, "wlan0").pin(SERVER);
    assert.deepEqual(table.pins, [`${SERVER}/32 198.51.100.1 3 ${TAP}`]);
  });

  test("IPv6 too", () => {
    table.routes.push(route("::/0", "fe80::1", 2, { metric: 1024 }));
    const pins = make();
    pins.pin("2001:db8::5");
    assert.deepEqual(table.pins, [`2001:db8::5/128 fe80::1 2 ${TAP}`]);
    pins.close();
    assert.deepEqual(table.pins, []);
  });

  test("there are at most 64; the one asked for the longest ago goes", () => {
    const pins = make();
    for (let i = 0; i < 64; i++) pins.pin(`203.0.113.${i}`);
    pins.pin("203.0.113.0");
    pins.pin("203.0.113.64");
    assert.equal(table.pins.length, 64);
    assert.ok(table.pins.some((pin) => pin.startsWith("203.0.113.0/")));
    assert.ok(!table.pins.some((pin) => pin.startsWith("203.0.113.1/")));
  });

  test("what the kernel refuses is told of once, and does not keep the client from connecting", () => {
    table.refusal = new Error("Operation not permitted");
    const pins = make();
    pins.pin(SERVER);
    pins.pin(SERVER);
    assert.equal(log.of("client.route-unpinned").length, 1);
    pins.close();
  });
});
