import { formatMs, formatRate } from "../base/words.ts";
import { ECHO_MIN_BYTES } from "../wire/echo-frame.ts";
import type { EchoChannel } from "./echo-channel.ts";
import { finding } from "./finding.ts";
import { Load, type LoadResult, MAX_BYTES_PER_SECOND } from "./load.ts";
import type { Sizes } from "./sizes.ts";
import { roundedSpread, type Spread, spreadOf } from "./statistics.ts";
import type { Ground, Step } from "./step.ts";

const PING_LANE = 0;
const PING_EVERY_MS = 50;
const LOADED_PING_EVERY_MS = 100;
/** So much above the usual is no jitter any more. */
const STALL_MS = 250;
/** More than this, and a call is no pleasure (ITU-T G.114: 150 ms one way in all). */
const BLOATED_MS = 100;
/** In a load as long as this a ping should have come back. */
const STARVED_MS = 1_000;

export interface Timed extends Sizes {
  readonly idle: Spread;
}

/** Round trips while nothing else is under way. */
export const measureRoundTrip: Step<Sizes, Timed> = async (ground, sizes) => {
  const { clock, options, report } = ground;
  const times: number[] = [];
  for (let i = 0; i < options.pings && sizes.visit.ending === undefined; i++) {
    const ms = await ping(sizes.visit.channel, options.echoTimeoutMs);
    if (ms !== undefined) times.push(ms);
    await new Promise<void>((resolve) => void clock.after(PING_EVERY_MS, resolve));
  }
  const idle = spreadOf(times);
  if (idle === undefined) {
    report(
      finding("round-trip", "fault", "pings are not answered any more", {
        mend: "Something on the way stops passing data after a while.",
      }),
    );
    return undefined;
  }
  const lost = options.pings - times.length;
  const stalls = times.filter((ms) => ms > idle.median * 3 + STALL_MS).length + lost;
  const figures = { pings: times.length, lost, stalls, ...roundedSpread(idle) };
  const range = `${formatMs(idle.min)} to ${formatMs(idle.max)}, jitter ${formatMs(idle.jitter)}`;
  const what = `a ping takes ${formatMs(idle.median)} (${range})`;
  if (stalls === 0) report(finding("round-trip", "good", what, { figures }));
  else {
    const mend =
      "Now and then nothing moves for a while: packets are lost below (Wi-Fi, mobile), and TCP waits for them to be sent again.";
    report(finding("round-trip", "warning", `${what}; ${stalls} of ${options.pings} stalled`, { mend, figures }));
  }
  return { ...sizes, idle };
};

async function ping(channel: EchoChannel, timeoutMs: number): Promise<number | undefined> {
  const bytes = ECHO_MIN_BYTES;
  const answer = await channel.ask({ lane: PING_LANE, requestBytes: bytes, replyBytes: bytes, timeoutMs });
  return answer?.roundTripMs;
}

interface Loaded {
  readonly direction: "down" | "up";
  readonly load: LoadResult;
  readonly spread: Spread | undefined;
}

/** What the line carries each way, and what becomes of pings meanwhile. */
export const measureLoad: Step<Timed, true> = async (ground, timed) => {
  const down = await fill(ground, timed, "down");
  const up = await fill(ground, timed, "up");
  const ending = timed.visit.ending;
  const figures = Object.fromEntries(
    [down, up].map(({ direction, load, spread }) => [
      direction,
      {
        bytesPerSecond: Math.round(load.bytesPerSecond),
        bytes: load.bytes,
        lost: load.lost,
        ...(spread === undefined ? {} : roundedSpread(spread)),
      },
    ]),
  );
  if (ending !== undefined) {
    const mend =
      "The connection does not stand a load: look into the logs of the server and of every proxy on the way.";
    ground.report(finding("load", "fault", `the connection is cut under load: ${ending}`, { mend, figures }));
    return undefined;
  }
  const what = [down, up].map(({ direction, load }) => `${direction} ${carried(load)}`).join(", ");
  const details = [down, up].map((one) => describe(one, timed.idle));
  const bloated = [down, up].filter((one) => isBloated(one, timed.idle));
  if (bloated.length === 0) ground.report(finding("load", "good", what, { details, figures }));
  else {
    const ways = bloated.map(({ direction, spread }) =>
      spread === undefined
        ? `${direction} for seconds`
        : `${direction} +${formatMs(spread.median - timed.idle.median)}`,
    );
    const mend =
      "A large queue stands on the way (bufferbloat), and fills when the line is full. Let the line's own router keep it short (fq_codel, cake), let both ends send by bbr, or limit the user a little below the line: `up` and `down` in the server's policy.";
    ground.report(
      finding("load", "warning", `${what}; pings wait while it is full: ${ways.join(", ")}`, {
        details,
        mend,
        figures,
      }),
    );
  }
  return true;
};

/** Whether pings wait for long, or all the time, while the line is full. */
function isBloated({ load, spread }: Loaded, idle: Spread): boolean {
  return spread === undefined ? load.elapsedMs > STARVED_MS : spread.median - idle.median > BLOATED_MS;
}

/** Whether a line carries more than was asked for nobody knows. */
function carried({ bytesPerSecond }: LoadResult): string {
  const isFull = bytesPerSecond >= MAX_BYTES_PER_SECOND * 0.9;
  return isFull ? `${formatRate(MAX_BYTES_PER_SECOND)} or more` : formatRate(bytesPerSecond);
}

async function fill(ground: Ground, { visit, maxFrameBytes }: Timed, direction: "down" | "up"): Promise<Loaded> {
  const { clock, options } = ground;
  const load = new Load(
    { clock, channel: visit.channel },
    { direction, durationMs: options.loadMs, maxBytes: options.loadBytes, maxFrameBytes },
  );
  let isOver = false;
  const running = load.run().finally(() => {
    isOver = true;
  });
  const times: number[] = [];
  while (!isOver && visit.ending === undefined) {
    await new Promise<void>((resolve) => void clock.after(LOADED_PING_EVERY_MS, resolve));
    if (isOver) break;
    const ms = await ping(visit.channel, options.echoTimeoutMs);
    if (ms !== undefined) times.push(ms);
  }
  return { direction, load: await running, spread: spreadOf(times) };
}

function describe({ direction, load, spread }: Loaded, idle: Spread): string {
  const pings =
    spread === undefined
      ? "no ping got through"
      : `a ping takes ${formatMs(spread.median)}, 95 % below ${formatMs(spread.p95)} (idle: ${formatMs(idle.median)})`;
  const lost = load.lost === 0 ? "" : `; ${load.lost} frames dropped by a queue`;
  const mebibytes = (load.bytes / 1_048_576).toFixed(1);
  return `${direction}: ${mebibytes} MiB in ${(load.elapsedMs / 1000).toFixed(1)} s; meanwhile ${pings}${lost}`;
}
