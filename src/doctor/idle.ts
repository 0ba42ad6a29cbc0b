import { describeError } from "../base/errors.ts";
import { dial } from "../transport/dialer.ts";
import { finding } from "./finding.ts";
import { judgeIdle } from "./idle-sentences.ts";
import { IdleWatch } from "./idle-watch.ts";
import type { Ground } from "./step.ts";

/** How a second connection came out: `no-place` may be tried again when the first is gone. */
export type IdleResult = "done" | "no-place";

/**
 * A connection of its own that nobody speaks on, beside the other steps. It announces no MAC, so that the switch gives it no
 * frames: what floods the network would keep it awake.
 */
export async function surviveIdle(ground: Ground, front: string, isLast: boolean): Promise<IdleResult> {
  const { clock, options, signal, report } = ground;
  const { url, way, tls, credentials, dialects, timeoutMs } = options;
  const who = { credentials, mac: undefined, bridge: false, guest: true, dialects };
  try {
    const upgraded = await dial(clock, { url, way, tls, timeoutMs, ...who }, signal);
    report(judgeIdle(await new IdleWatch(ground, upgraded).run(), front));
    return "done";
  } catch (error) {
    if (!isLast) return "no-place";
    report(
      finding("idle", "skipped", "silence was not tried: there is no second connection", {
        details: [describeError(error)],
      }),
    );
    return "done";
  }
}
