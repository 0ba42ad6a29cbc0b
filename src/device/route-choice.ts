import { prefixHolds } from "../wire/ip-prefix.ts";
import { type Route, RTPROT_KERNEL } from "./route-message.ts";

/** RTPROT_* of the routes that we make: "v". Nobody else's in iproute2's list (etc/iproute2/rt_protos). */
export const ROUTE_PROTOCOL = 118;

/** Whose way is looked for. */
export interface RouteQuestion {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Index of our own TAP: ways through it lead in a circle. */
  readonly tapIndex: number;
  /** The only interface that may be used; undefined: any. */
  readonly interfaceIndex: number | undefined;
}

/**
 * The way to an address that does not lead through the VPN.
 *
 * - `pin`: by this route, which others could take the address from
 * - `direct`: nothing need be done. The address is a neighbour's, or somebody has made a route to it alone
 * - `inside`: the only way leads through the VPN
 * - `none`: there is no way, or somebody has forbidden it
 */
export type RouteChoice =
  | { readonly way: "pin"; readonly route: Route }
  | { readonly way: "direct" | "inside" | "none" };

/** Chooses as the kernel would if neither our TAP nor the routes that we make were there: longest prefix, then metric. */
export function chooseRoute(
  routes: readonly Route[],
  { address, tapIndex, interfaceIndex }: RouteQuestion,
): RouteChoice {
  const fitting = routes.filter((route) => route.protocol !== ROUTE_PROTOCOL && covers(route, address));
  const inside = best(fitting.filter(({ index }) => index === tapIndex));
  const outside = best(
    fitting.filter(
      ({ index, isDown }) =>
        index !== tapIndex && !isDown && (interfaceIndex === undefined || index === interfaceIndex),
    ),
  );
  if (outside === undefined) return { way: inside === undefined ? "none" : "inside" };
  if (!outside.isUnicast) return { way: "none" };
  const isNearer = inside === undefined || outside.destination.bits > inside.destination.bits;
  return isNearer && isDirect(outside, address) ? { way: "direct" } : { way: "pin", route: outside };
}

function covers({ destination }: Route, address: Uint8Array): boolean {
  return destination.bytes.length === address.length && prefixHolds(destination, address, 0);
}

function best(routes: readonly Route[]): Route | undefined {
  return routes.reduce<Route | undefined>(
    (first, route) => (first === undefined || isBetter(route, first) ? route : first),
    undefined,
  );
}

function isBetter(route: Route, than: Route): boolean {
  const bits = route.destination.bits - than.destination.bits;
  return bits > 0 || (bits === 0 && route.metric < than.metric);
}

/** A neighbour in a network of an interface's own address, or an address that has a route of its own. */
function isDirect({ gateway, protocol, destination }: Route, address: Uint8Array): boolean {
  return destination.bits === 8 * address.length || (gateway.length === 0 && protocol === RTPROT_KERNEL);
}
