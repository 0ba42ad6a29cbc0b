import { formatBytes, formatMs, formatSeconds } from "../base/words.ts";
import type { WelcomeMessage } from "../wire/control-message.ts";
import { OFFLOAD_ALL } from "../wire/offload.ts";
import { type Finding, finding } from "./finding.ts";
import type { Step } from "./step.ts";
import type { Opened } from "./upgrade.ts";
import { Visit } from "./visit.ts";

export interface Greeted {
  readonly visit: Visit;
  readonly welcome: WelcomeMessage;
}

/** A super-frame needs this much: see CONNECTION_DEFAULTS. */
const SUPER_FRAME_MESSAGE_BYTES = 65_593;

/** Whether both sides speak the new dialect, and what it costs if not. */
export function judgeDialect({ upgraded, front }: Opened, offered: readonly string[]): Finding {
  const { dialect } = upgraded;
  if (dialect === "v2") return finding("dialect", "good", "both speak vpn-ws.v2", { figures: { dialect } });
  const isWanted = !offered.includes("v2");
  const what = "the original's dialect (v1)";
  const details = [
    "no super-frames: large transfers cost several times the work",
    "no session that outlives a lost connection, no MTU, no addresses from the server",
    "a dead connection is found by TCP only, after half a minute",
  ];
  if (isWanted) return finding("dialect", "good", `${what}, as --protocol says`, { details, figures: { dialect } });
  const proxy = front === "" ? "" : ` (${front})`;
  const mend = `The server is the original, or the web server${proxy} drops Sec-WebSocket-Protocol: then let it pass that header.`;
  return finding("dialect", "warning", what, { details, mend, figures: { dialect } });
}

/** Hello and welcome: what the server gives, and takes. */
export const greet: Step<Opened, Greeted> = async (ground, { upgraded }) => {
  const { clock, report } = ground;
  const visit = new Visit(ground, upgraded);
  const startMs = clock.nowMs();
  const welcome = await visit.greet();
  if (welcome !== undefined) {
    report(judgeWelcome(welcome, clock.nowMs() - startMs));
    return { visit, welcome };
  }
  const { ending } = visit;
  const what =
    ending === undefined
      ? "the server does not answer the hello"
      : `the connection is cut after the opening: ${ending}`;
  const mend =
    "A proxy that opens WebSockets and then passes nothing on, or a server that is going down: look into its log.";
  report(finding("welcome", "fault", what, { mend }));
  await visit.leave();
  return undefined;
};

function judgeWelcome(welcome: WelcomeMessage, tookMs: number): Finding {
  const { agent, mtu, offloads, maxMessageBytes, session, congestion, addresses = [], echo = false } = welcome;
  const details = [
    `server: ${agent}`,
    `messages up to ${formatBytes(maxMessageBytes)}; ${offloads === OFFLOAD_ALL ? "super-frames of every kind" : `offloads 0x${offloads.toString(16)}`}`,
    ...(session === undefined
      ? []
      : [`a lost session is held for ${formatSeconds(session.holdMs)}; up to ${session.maxConnections} connections`]),
    ...(congestion === undefined ? [] : [`the server's end sends by ${congestion}`]),
    ...(addresses.length === 0 ? [] : [`addresses for the client: ${addresses.join(", ")}`]),
  ];
  const figures = {
    ...{ agent, mtu, offloads, maxMessageBytes, echo, addresses, congestion: congestion ?? null },
    ...{ holdMs: session?.holdMs ?? null, maxConnections: session?.maxConnections ?? null },
  };
  const what = `the server says welcome in ${formatMs(tookMs)}: MTU ${mtu}`;
  if (maxMessageBytes >= SUPER_FRAME_MESSAGE_BYTES) return finding("welcome", "good", what, { details, figures });
  const mend = "The server takes no whole super-frames, so each frame costs a message of its own.";
  return finding("welcome", "warning", what, { details, mend, figures });
}
