import type { Socket } from "node:net";
import { describeError, VpnError } from "../base/errors.ts";
import { formatMs } from "../base/words.ts";
import { connectFaultOf } from "../transport/connect-fault.ts";
import type { ForwardProxy } from "../transport/way-out.ts";
import { connectToServer } from "../transport/way-to-server.ts";
import { finding } from "./finding.ts";
import type { Step } from "./step.ts";
import { within } from "./within.ts";

/**
 * A byte stream to the server as the client makes it. With a proxy this is a step of its own: what the proxy says to the
 * server's name and port.
 */
export const openStream: Step<ForwardProxy | undefined, Socket> = async (ground, proxy) => {
  const { clock, options, signal, report } = ground;
  const { url, way, timeoutMs } = options;
  const startMs = clock.nowMs();
  const late = `no way to the server within ${timeoutMs / 1000} s`;
  try {
    const socket = await within(clock, timeoutMs, late, connectToServer(clock, { url, way, timeoutMs }, signal));
    if (proxy !== undefined) {
      const tookMs = clock.nowMs() - startMs;
      const what = `the proxy ${proxy.display} opens a way to ${url.host}:${url.port} in ${formatMs(tookMs)}`;
      report(finding("proxy", "good", what, { figures: { kind: proxy.kind, tookMs: Math.round(tookMs) } }));
    }
    return socket;
  } catch (error) {
    const [what, mend] = wordsOf(error);
    report(finding(proxy === undefined ? "connect" : "proxy", "fault", what, { mend }));
    return undefined;
  }
};

/** What failed, and what to do about it. */
function wordsOf(error: unknown): readonly [what: string, mend: string] {
  if (error instanceof VpnError) return [error.message, error.hint ?? ""];
  return [error instanceof Error ? connectFaultOf(error).reason : describeError(error), ""];
}
