import { systemClock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { RoutePins } from "../device/route-pins.ts";
import { kernelRoutes } from "../device/route-table.ts";
import { lookUp } from "../transport/happy-eyeballs.ts";
import { RememberedNames } from "../transport/remembered-names.ts";
import type { WayOut } from "../transport/way-out.ts";

export interface PinSettings {
  /** Whether the addresses of servers and proxies get routes of their own. */
  readonly pinRoute: boolean;
  /** The only interface that the client leaves by. */
  readonly interfaceName: string | undefined;
}

/** A way out whose addresses get routes of their own, which are there until `close`. */
export interface PinnedWay {
  readonly way: WayOut;
  close(): void;
}

/** The way out of a client whose TAP is `device`; just `way` if nothing is to be pinned. */
export function pinWay(log: Logger, device: string, way: WayOut, settings: PinSettings): PinnedWay {
  const { pinRoute, interfaceName } = settings;
  if (!pinRoute) return { way, close: () => {} };
  const table = kernelRoutes();
  const pins = new RoutePins({ log, table }, { tapIndex: table.linkIndex(device), interfaceName });
  // A route leads to an address only: DNS may be where nobody reaches it while the VPN is down.
  const names = new RememberedNames({ clock: systemClock, lookUp });
  return {
    way: Object.freeze({
      ...way,
      lookUp: (host: string) => names.lookUp(host),
      pinRoute: (address: string) => pins.pin(address),
    }),
    close: () => pins.close(),
  };
}
