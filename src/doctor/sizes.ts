import { formatBytes } from "../base/words.ts";
import { ECHO_MIN_BYTES } from "../wire/echo-frame.ts";
import { ETHERNET_HEADER_BYTES } from "../wire/ethernet.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { type Finding, finding } from "./finding.ts";
import type { Ground, Step } from "./step.ts";
import type { Greeted } from "./welcome.ts";

/** Frames that every network knows: the least, that of old dial-up lines, that of IPv6, then ours. */
const SMALL_FRAMES = [64, 576, 1_280] as const;
/** Between the MTU and a super-frame, to find out where it breaks. */
const LARGE_FRAMES = [4_096, 16_384, 32_768] as const;
const SUPER_FRAME_BYTES = 65_536;
/** A lost answer may be a queue's doing. */
const TRIES = 2;
const LANE = 0;

export interface Sizes extends Greeted {
  /** The largest frame that gets through in both directions. */
  readonly maxFrameBytes: number;
}

interface Passed {
  readonly bytes: number;
  readonly up: boolean;
  readonly down: boolean;
}

/** Frames of every size, both ways: finds where it breaks. */
export const measureSizes: Step<Greeted, Sizes> = async (ground, greeted) => {
  const { visit, welcome } = greeted;
  const passed: Passed[] = [];
  for (const bytes of ladder(welcome.mtu, welcome.maxMessageBytes)) {
    const up = await passes(ground, greeted, bytes, ECHO_MIN_BYTES);
    const down = up && (await passes(ground, greeted, ECHO_MIN_BYTES, bytes));
    passed.push({ bytes, up, down });
    if (!up || !down) break;
  }
  const verdict = judge(passed, welcome.mtu + ETHERNET_HEADER_BYTES, visit.ending);
  ground.report(verdict);
  const largest = passed.filter(({ up, down }) => up && down).at(-1);
  return verdict.level === "fault" || largest === undefined ? undefined : { ...greeted, maxFrameBytes: largest.bytes };
};

/** The sizes to try, up to what the server takes. */
function ladder(mtu: number, maxMessageBytes: number): readonly number[] {
  const full = mtu + ETHERNET_HEADER_BYTES;
  const largest = maxMessageBytes - VNET_HEADER_BYTES;
  const sizes = [...SMALL_FRAMES, full, ...LARGE_FRAMES, Math.min(SUPER_FRAME_BYTES, largest)];
  return [...new Set(sizes)].filter((bytes) => bytes <= largest).sort((one, other) => one - other);
}

async function passes(
  { options }: Ground,
  { visit }: Greeted,
  requestBytes: number,
  replyBytes: number,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES && visit.ending === undefined; tries++) {
    const question = { lane: LANE, requestBytes, replyBytes, timeoutMs: options.echoTimeoutMs };
    const answer = await visit.channel.ask(question);
    const isWhole = answer?.requestBytes === Math.max(ECHO_MIN_BYTES, requestBytes) && answer.replyBytes >= replyBytes;
    if (isWhole) return true;
  }
  return false;
}

function judge(passed: readonly Passed[], fullBytes: number, ending: string | undefined): Finding {
  const sizes = passed.map(({ bytes, up, down }) => ({ bytes, up, down }));
  const details = passed.map(
    ({ bytes, up, down }) => `${bytes} bytes: up ${yesNo(up)}, down ${up ? yesNo(down) : "not tried"}`,
  );
  const figures = { sizes };
  const broken = passed.find(({ up, down }) => !up || !down);
  const largest = passed.filter(({ up, down }) => up && down).at(-1)?.bytes ?? 0;
  if (broken === undefined) {
    return finding("sizes", "good", `frames up to ${formatBytes(largest)} pass, both ways`, { figures });
  }
  const cut = ending === undefined ? "" : `: ${ending}`;
  const way = broken.up ? "from the server" : "to the server";
  if (largest === 0) {
    const mend =
      "The server says that it answers echo frames. If its policy restricts `ethertypes`, allow 0x88b5; else something passes the opening and no data.";
    return finding("sizes", "fault", `no frame comes back${cut}`, { details, mend, figures });
  }
  const what = `frames of ${largest} bytes pass, of ${broken.bytes} not, ${way}${cut}`;
  if (broken.bytes <= fullBytes) {
    const mend = `Full-size frames vanish: a link on the way takes less than TCP believes, and its ICMP is filtered. Lower the MTU of the interface to the server (ip link set dev … mtu 1400), or have the router clamp the MSS.`;
    return finding("sizes", "fault", what, { details, mend, figures });
  }
  const mend =
    "Large messages are cut off: a proxy limits the size of WebSocket messages, or a firewall dislikes them. Raise that limit to 66 KiB: until then each large transfer breaks the connection.";
  return finding("sizes", "fault", what, { details, mend, figures });
}

const yesNo = (passed: boolean): string => (passed ? "passes" : "does not pass");
