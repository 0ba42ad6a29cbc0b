import { networkInterfaces } from "node:os";
import { describeError, PeerError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { formatIpAddress, type IpVersion, parseIpAddress } from "../wire/ip-prefix.ts";
import { chooseRoute, ROUTE_PROTOCOL, type RouteChoice } from "./route-choice.ts";
import type { Route } from "./route-message.ts";
import type { RouteTable } from "./route-table.ts";

export interface RoutePinsDeps {
  readonly log: Logger;
  readonly table: RouteTable;
}

export interface RoutePinsOptions {
  /** Index of our TAP. It is the metric of our routes too, so that several clients have one each to the same server. */
  readonly tapIndex: number;
  /** The only interface to leave by; undefined: any. */
  readonly interfaceName: string | undefined;
}

/** Servers' and proxies' addresses at a time; for one more the route goes that was asked for the longest ago. */
const MAX_PINS = 64;

const VERSIONS: readonly IpVersion[] = [4, 6];

/**
 * Routes to the addresses of servers and proxies, one each, so that a default route through the VPN does not swallow the
 * VPN itself. Made before each attempt to connect, by the best way there is then outside of the VPN.
 *
 *     203.0.113.5 via 192.0.2.1 dev eth0 proto 118 metric 7        our TAP is interface 7
 *     default dev vpn0                                             made by somebody, perhaps in place of the other default
 *
 * They stay until `close`, while no connection is there too: by then our route may be all that is left of the way out. A
 * process that is killed leaves its routes behind; the next one removes them, known by protocol 118 and a metric that is
 * no interface any more, or its own.
 */
export class RoutePins {
  readonly #deps: RoutePinsDeps;
  readonly #options: RoutePinsOptions;
  /** What we pinned, by address; the one asked for last is the last. */
  readonly #pinned = new Map<string, Uint8Array>();
  /** The way out that was used last, for addresses that come when no other is left. */
  readonly #lastWay = new Map<IpVersion, Route>();
  #hasFailed = false;

  constructor(deps: RoutePinsDeps, options: RoutePinsOptions) {
    this.#deps = deps;
    this.#options = options;
    for (const version of VERSIONS) {
      this.#attempt(() => this.#sweep(version));
      this.#attempt(() => this.#rememberDefault(version));
    }
  }

  /**
   * Sees to it that packets to this address (as text; a name is left alone) leave outside of the VPN. Throws a PeerError
   * `ROUTE_INSIDE_VPN` if they cannot. What the kernel refuses is logged, once, and the kernel's routes stay as they are.
   */
  pin(text: string): void {
    const address = text.includes("%") ? undefined : parseIpAddress(text);
    if (address === undefined || isOurOwn(address)) return;
    this.#attempt(() => this.#pin(address));
  }

  /** Removes our routes. Idempotent. */
  close(): void {
    for (const key of [...this.#pinned.keys()]) this.#attempt(() => this.#unpin(key));
  }

  #pin(address: Uint8Array): void {
    const routes = this.#deps.table.read(versionOf(address));
    const ours = routes.find((route) => this.#isOurs(route) && equal(route.destination.bytes, address));
    const choice = this.#choose(routes, address);
    if (choice.way === "pin") this.#put(address, choice.route, ours);
    else if (choice.way === "direct") this.#unpin(formatIpAddress(address));
    else if (ours === undefined && choice.way === "inside") this.#goByLastWay(address);
  }

  #put(address: Uint8Array, by: Route, ours: Route | undefined): void {
    const key = formatIpAddress(address);
    this.#lastWay.set(versionOf(address), by);
    this.#note(key, address);
    if (ours !== undefined && isSameWay(ours, by)) return;
    const { log, table } = this.#deps;
    table.put(address, by, this.#options.tapIndex, ROUTE_PROTOCOL);
    const gateway = by.gateway.length > 0 ? formatIpAddress(by.gateway) : undefined;
    const device = table.linkName(by.index);
    const way = gateway === undefined ? device : `${gateway} and ${device}`;
    log.info("client.route", `the way to ${key} is pinned: by ${way}`, { address: key, gateway, device });
  }

  /** All other ways out are gone, perhaps because the default route is the VPN's now. */
  #goByLastWay(address: Uint8Array): void {
    const way = this.#lastWay.get(versionOf(address));
    if (way === undefined) throw insideVpnError(formatIpAddress(address));
    try {
      this.#put(address, way, undefined);
    } catch (cause) {
      throw insideVpnError(formatIpAddress(address), cause);
    }
  }

  #note(key: string, address: Uint8Array): void {
    this.#pinned.delete(key);
    const [oldest] = this.#pinned.keys();
    if (oldest !== undefined && this.#pinned.size >= MAX_PINS) this.#attempt(() => this.#unpin(oldest));
    this.#pinned.set(key, address);
  }

  #unpin(key: string): void {
    const address = this.#pinned.get(key);
    if (address === undefined) return;
    this.#pinned.delete(key);
    // It may have gone with its interface.
    const isThere = this.#deps.table
      .read(versionOf(address), ROUTE_PROTOCOL)
      .some((route) => this.#isOurs(route) && equal(route.destination.bytes, address));
    if (isThere) this.#deps.table.remove(address, this.#options.tapIndex, ROUTE_PROTOCOL);
  }

  #sweep(version: IpVersion): void {
    const { table } = this.#deps;
    for (const route of table.read(version, ROUTE_PROTOCOL)) {
      const { destination, metric, protocol } = route;
      const isPin = protocol === ROUTE_PROTOCOL && destination.bits === 8 * destination.bytes.length;
      if (isPin && (this.#isOurs(route) || table.linkName(metric) === "")) {
        table.remove(destination.bytes, metric, ROUTE_PROTOCOL);
      }
    }
  }

  /** Somebody may replace the default route before we connect for the first time. */
  #rememberDefault(version: IpVersion): void {
    const choice = this.#choose(this.#deps.table.read(version), new Uint8Array(version === 4 ? 4 : 16));
    if (choice.way === "pin") this.#lastWay.set(version, choice.route);
  }

  #choose(routes: readonly Route[], address: Uint8Array): RouteChoice {
    const { tapIndex, interfaceName } = this.#options;
    const interfaceIndex = interfaceName === undefined ? undefined : this.#deps.table.linkIndex(interfaceName);
    return chooseRoute(routes, { address, tapIndex, interfaceIndex });
  }

  #isOurs({ protocol, metric, destination }: Route): boolean {
    const isHost = destination.bits === 8 * destination.bytes.length;
    return isHost && protocol === ROUTE_PROTOCOL && metric === this.#options.tapIndex;
  }

  /** Routes are a help: without the right to set them the client goes on. */
  #attempt(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (error instanceof PeerError) throw error;
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const text = `the route to the server cannot be pinned: ${describeError(error)}\n  A default route through the VPN would cut it off.`;
      this.#deps.log.warn("client.route-unpinned", text);
    }
  }
}

function insideVpnError(address: string, cause?: unknown): PeerError {
  return new PeerError("ROUTE_INSIDE_VPN", `the only route to ${address} leads through the VPN itself.`, {
    cause,
    hint: "Set the default route of the network outside again, or a route to the server, by its gateway.",
  });
}

function isSameWay(one: Route, other: Route): boolean {
  return one.index === other.index && equal(one.gateway, other.gateway) && equal(one.source, other.source);
}

/** Whether the address needs no route: it is this machine's, or has a meaning on one link only (fe80::/10). */
function isOurOwn(address: Uint8Array): boolean {
  const [first = 0, second = 0] = address;
  if (address.length === 4 ? first === 127 || first === 0 : first === 0xfe && (second & 0xc0) === 0x80) return true;
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all.map((one) => parseIpAddress(one.address)));
  return own.some((one) => one !== undefined && equal(one, address));
}

function versionOf(address: Uint8Array): IpVersion {
  return address.length === 4 ? 4 : 6;
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
