/**
 * Loaded into a server before everything else (`--import`): tells the bench how much processor time one turn of its event
 * loop took at most. Processor time, so that a machine that does other things besides says the same.
 */

/** A turn that is longer than this is seen; shorter ones count together, up to so much. */
const LOOK_EACH_MS = 1;
const TELL_EACH_MS = 100;

let seen = process.cpuUsage();
let longestMicroseconds = 0;

setInterval(() => {
  const { user, system } = process.cpuUsage(seen);
  seen = process.cpuUsage();
  longestMicroseconds = Math.max(longestMicroseconds, user + system);
}, LOOK_EACH_MS).unref();

setInterval(() => {
  process.send?.({ longestTurnMs: longestMicroseconds / 1_000 });
  longestMicroseconds = 0;
}, TELL_EACH_MS).unref();

process.channel?.unref();
