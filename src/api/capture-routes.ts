import { z } from "zod";
import { type CaptureOutcome, type CaptureRequest, MAX_SNAP_BYTES, MIN_SNAP_BYTES } from "../capture/capture.ts";
import type { ControlModel } from "../control/control-model.ts";
import { captureStream } from "./capture-stream.ts";
import { queryText, wholeNumber } from "./page-query.ts";
import { Problem } from "./problem.ts";
import { operatorOf, type Route, route } from "./route.ts";

const captureQuery = z.object({
  network: queryText.optional(),
  /** An id, or a user. */
  peer: queryText.optional(),
  /** Its length is the compiler's to judge, which says how long it may be. */
  filter: z.string().default(""),
  snap: wholeNumber(MIN_SNAP_BYTES, MAX_SNAP_BYTES).default(MAX_SNAP_BYTES),
});

const STATUS_OF = { invalid: 400, "not-found": 404, busy: 503 } as const;
/** Captures are ended by people. */
const RETRY_AFTER_SECONDS = 10;

/** Frames as they pass. */
export function captureRoutes(model: ControlModel): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/capture",
      summary: "Frames that pass the ports of a network, a peer or all, as a file for Wireshark and tcpdump.",
      role: "admin",
      query: captureQuery,
      answer: { status: 200, type: "application/x-pcapng", description: "Goes on until one side ends it." },
      handle: ({ query: { network, peer, filter, snap }, mayStay, signal, ...call }) => {
        const request: CaptureRequest = { network, peer, filter, snapBytes: snap };
        const capture = openedBy(model.capture(operatorOf(call), request));
        if (signal.aborted) capture.close();
        signal.addEventListener("abort", () => capture.close(), { once: true });
        return new Response(captureStream(capture, mayStay), { headers: headersAt(new Date()) });
      },
    }),
  ];
}

function openedBy(outcome: CaptureOutcome) {
  if (outcome.state === "open") return outcome.capture;
  const { why, message } = outcome;
  throw new Problem(STATUS_OF[why], message, why === "busy" ? { "Retry-After": String(RETRY_AFTER_SECONDS) } : {});
}

/** A file's name has the time at which it began, in UTC. nginx would keep the file back until it has a page of it. */
function headersAt(now: Date): Record<string, string> {
  const time = now.toISOString().replace(/[-:]/g, "").slice(0, 15);
  return {
    "Content-Type": "application/x-pcapng",
    "Content-Disposition": `attachment; filename="vpn-ws-${time}.pcapng"`,
    "X-Accel-Buffering": "no",
  };
}
