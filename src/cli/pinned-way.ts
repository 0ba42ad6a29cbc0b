import type { Logger } from "../base/logger.ts";
import { RoutePins } from "../device/route-pins.ts";
import { kernelRoutes } from "../device/route-table.ts";
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

/** The way out of a client whose TAP is `device`; the same as before if nothing is to be pinned. */
export function pinWay(log: Logger, device: string, way: WayOut, settings: PinSettings): PinnedWay {
  const { pinRoute, interfaceName } = settings;
  if (!pinRoute) return { way, close: () => {} };
  const table = kernelRoutes();
  const pins = new RoutePins({ log, table }, { tapIndex: table.linkIndex(device), interfaceName });
  return {
    way: Object.freeze({ ...way, pinRoute: (address: string) => pins.pin(address) }),
    close: () => pins.close(),
  };
}
