import type { Socket } from "node:net";
import { AGENT } from "../base/version.ts";
import { formatMs } from "../base/words.ts";
import { formatAuthorization } from "../transport/client-credentials.ts";
import { readHead } from "../transport/read-head.ts";
import { RESPONSE_FORMAT } from "../transport/response-format.ts";
import type { UpgradedSocket } from "../transport/upgraded-socket.ts";
import type { ResponseHead } from "../wire/http.ts";
import { checkOpeningResponse, formatOpening, newWebSocketKey } from "../wire/opening.ts";
import { printable } from "../wire/printable.ts";
import { answerWords } from "./answer-sentences.ts";
import { finding } from "./finding.ts";
import { readPage } from "./page.ts";
import type { Ground, Step } from "./step.ts";

/** An open WebSocket, and who says that it is behind it. */
export interface Opened {
  readonly upgraded: UpgradedSocket;
  /** The header Server of the answer; empty if there is none. Ours sends none: this is a web server in front. */
  readonly front: string;
}

type Outcome =
  | { readonly state: "answer"; readonly head: ResponseHead; readonly rest: Buffer; readonly tookMs: number }
  | { readonly state: "failed"; readonly what: string; readonly mend: string };

/** The WebSocket's opening, as a guest: it takes no running session's place. */
export const upgrade: Step<Socket, Opened> = async (ground, socket) => {
  const { options, report } = ground;
  const key = newWebSocketKey();
  socket.write(openingOf(ground, key));
  const outcome = await readAnswer(ground, socket);
  if (outcome.state === "failed") {
    report(finding("upgrade", "fault", outcome.what, { mend: outcome.mend }));
    socket.destroy();
    return undefined;
  }
  const { head, rest, tookMs } = outcome;
  const front = printable(head.headers.get("server") ?? "", 60);
  const figures = { status: head.status, server: front, tookMs: Math.round(tookMs * 10) / 10 };
  if (head.status !== 101) {
    const page = await readPage(ground.clock, socket, head, rest);
    socket.destroy();
    const { what, mend, details } = answerWords(options, head, page);
    report(finding("upgrade", "fault", what, { details, mend, figures }));
    return undefined;
  }
  const answer = checkOpeningResponse(head, key, options.dialects);
  if (answer.state === "refused") {
    const mend = "Something between here and the server changes the answer, or that is no VPN server.";
    report(finding("upgrade", "fault", `101, but ${answer.message}`, { mend, figures }));
    socket.destroy();
    return undefined;
  }
  const by = front === "" ? "" : `, by way of ${front}`;
  report(finding("upgrade", "good", `the WebSocket opens (101${by}) in ${formatMs(tookMs)}`, { figures }));
  return { upgraded: { socket, dialect: answer.dialect, rest }, front };
};

function openingOf({ options }: Ground, key: string): Uint8Array {
  const { url, way, credentials, mac, dialects } = options;
  const authorization = credentials === undefined ? undefined : formatAuthorization(credentials);
  const { headers, hostHeader: host = url.hostHeader } = way;
  const { path } = url;
  const who = { mac, bridge: false, guest: true, authorization, dialects, userAgent: AGENT };
  return formatOpening({ host, path, key, headers, ...who });
}

function readAnswer({ clock, options }: Ground, socket: Socket): Promise<Outcome> {
  const startMs = clock.nowMs();
  const { timeoutMs } = options;
  return new Promise((resolve) => {
    const fail = (what: string, mend: string): void => resolve({ state: "failed", what, mend });
    readHead(clock, socket, { timeoutMs, format: RESPONSE_FORMAT }, (outcome) => {
      if (outcome.state === "done") {
        const { head, rest } = outcome;
        resolve({ state: "answer", head, rest, tookMs: clock.nowMs() - startMs });
      } else if (outcome.state === "late") {
        fail(
          `no answer to the upgrade within ${timeoutMs / 1000} s`,
          "Something takes the connection and does not answer: a proxy that waits for the VPN server behind it, or a port of something else.",
        );
      } else if (outcome.state === "gone") {
        fail(
          "the other side hangs up when asked for a WebSocket",
          "A firewall that looks into connections, a server that is full, or a port of something else.",
        );
      } else fail(`that is no web server: ${outcome.message}`, "Is the port right?");
    });
  });
}
