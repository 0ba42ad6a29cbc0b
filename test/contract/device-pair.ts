/**
 * Two devices where what one writes, the other reads: the ground of the device contract. In memory that is a memory
 * pair; real TAPs become one as the two ports of a Linux bridge, in a namespace where nothing else speaks.
 */
import { execFileSync } from "node:child_process";
import type { Lab, Namespace } from "../../lab/namespace.ts";
import type { Device } from "../../src/device/device.ts";
import { memoryPair } from "../../src/device/memory-pair.ts";
import { openTap, TAP_DEFAULTS } from "../../src/device/tap.ts";
import type { TapOptions } from "../../src/device/tap-options.ts";

export interface DevicePair {
  readonly left: Device;
  readonly right: Device;
  /** Takes the left device away from under its owner, as an administrator could. */
  breakLeft(): void;
  close(): void;
}

export function joinInMemory(): DevicePair {
  const [left, right] = memoryPair({ queueFrames: 1024, queueBytes: 1 << 20 });
  const close = () => {
    left.close();
    right.close();
  };
  return { left, right, breakLeft: () => left.fail(new Error("gone")), close };
}

/** A namespace whose devices send nothing by themselves, because IPv6 is off in it. */
export async function silentNamespace(lab: Lab): Promise<Namespace> {
  const namespace = await lab.namespace("device");
  await namespace.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"]);
  return namespace;
}

let bridges = 0;

/** Opens two TAPs and makes them the two ports of a bridge in `namespace`. */
export function joinByBridge(namespace: Namespace, options: Partial<TapOptions> = {}): DevicePair {
  const prefix = `vc${process.pid}x${bridges++}`;
  const open = (name: string) => openTap({ ...TAP_DEFAULTS, up: false, ...options, name });
  const left = open(`${prefix}l`);
  const right = open(`${prefix}r`);
  const bridge = `${prefix}b`;
  const ip = (...argv: string[]) => execFileSync("ip", ["-n", namespace.name, ...argv]);
  ip("link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0");
  for (const { name } of [left, right]) {
    execFileSync("ip", ["link", "set", name, "netns", namespace.name]);
    ip("link", "set", name, "master", bridge, "up");
  }
  ip("link", "set", bridge, "up");
  const close = () => {
    left.close();
    right.close();
    ip("link", "del", bridge);
  };
  return { left, right, breakLeft: () => ip("link", "del", left.name), close };
}
