import { readFileSync } from "node:fs";
import type { Logger } from "../base/logger.ts";

/** For what is no connection: TAP, listeners, the loop's own, files that are read again, happy accidents. */
const OTHER_DESCRIPTORS = 128;
/** Fewer would be no server; who has so few descriptors gets their failures. */
const FEWEST_CONNECTIONS = 16;

/**
 * How many connections there are descriptors for: `wanted`, or fewer with a warning that says what to do. Beyond the
 * limit the kernel would cut off whoever comes, uncounted; below it the listener chooses, and counts.
 *
 * Node has raised the soft limit to the hard one at its start. `limits` is the text of /proc/self/limits.
 */
export function fitConnections(
  log: Logger,
  wanted: number,
  limits = readFileSync("/proc/self/limits", "latin1"),
): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  const room = soft === undefined ? Number.POSITIVE_INFINITY : Number(soft) - OTHER_DESCRIPTORS;
  if (room >= wanted) return wanted;
  const fitting = Math.max(room, FEWEST_CONNECTIONS);
  log.warn(
    "process.descriptors",
    `this process may have ${soft} files open: ${fitting} connections at a time instead of ${wanted}. ` +
      `Raise the limit to ${wanted + OTHER_DESCRIPTORS}: LimitNOFILE= in systemd, or ulimit -n`,
    { limit: Number(soft), connections: fitting, wanted },
  );
  return fitting;
}
