import { answerAndClose, type Incoming } from "../transport/incoming.ts";
import { formatResponse } from "../wire/http.ts";

/** Answers a request for /healthz. */
export function answerHealth({ socket }: Incoming, peers: number): void {
  const body = `${JSON.stringify({ status: "ok", peers })}\n`;
  const headers = [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
    ["Connection", "close"],
  ] as const;
  answerAndClose(socket, formatResponse(200, headers, body));
}
