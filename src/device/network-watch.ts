import type { Clock } from "../base/clock.ts";
import { DeviceError } from "../base/errors.ts";
import { loadAddon } from "./addon.ts";
import { readNetworkState } from "./network-state.ts";
import { explainFault } from "./tap-error.ts";

/** A change comes as a handful of messages: address, routes, link. They are taken for one. */
const SETTLE_MS = 100;

export interface NetworkWatch {
  /** Idempotent. */
  close(): void;
}

/**
 * Calls `onChange` when addresses or routes of this network namespace are others than before, `SETTLE_MS` after the
 * kernel said so. `except` is the device whose own do not count: the client's TAP. Needs no privilege. Throws a
 * DeviceError `NETWORK_UNWATCHED` if the kernel gives no netlink socket.
 */
export function watchNetwork(clock: Clock, except: string, onChange: () => void): NetworkWatch {
  const { NetlinkWatch } = loadAddon();
  let state = readNetworkState(except);
  let cancel: (() => void) | undefined;
  const compare = (): void => {
    cancel = undefined;
    const before = state;
    state = readNetworkState(except);
    if (state !== before) onChange();
  };
  const settle = (): void => {
    cancel ??= clock.after(SETTLE_MS, compare);
  };
  const watch = explainFault(
    () => new NetlinkWatch(settle),
    (cause) =>
      new DeviceError("NETWORK_UNWATCHED", `The kernel does not tell of changes of the network (${cause.message}).`, {
        cause,
      }),
  );
  return {
    close: () => {
      cancel?.();
      watch.close();
    },
  };
}
