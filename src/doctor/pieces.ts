import { formatBytes } from "../base/words.ts";
import { ECHO_MIN_BYTES } from "../wire/echo-frame.ts";
import { finding } from "./finding.ts";
import { bufferShownBy } from "./piece-meter.ts";
import type { Sizes } from "./sizes.ts";
import type { Ground, Step } from "./step.ts";

/**
 * Large answers are asked for one by one, so that we wait for each piece. Without TLS a machine that is busy may still read
 * several at once: then it takes many answers until there are enough pieces.
 */
const ENOUGH_PIECES = 40;
const TIME_MS = 2_000;
const LANE = 2;

/** Whether answers show a small buffer of a web server on their way. */
export const measurePieces: Step<Sizes & { readonly front: string }, true> = async (ground, sizes) => {
  const { front } = sizes;
  const pieces = await collect(ground, sizes);
  const size = bufferShownBy(pieces);
  const figures = { pieces: pieces.slice(0, ENOUGH_PIECES), bufferBytes: size ?? null, server: front };
  if (size === undefined) {
    ground.report(finding("pieces", "good", "answers show no small buffer on their way", { figures }));
    return true;
  }
  const isNginx = /nginx|openresty|tengine/i.test(front);
  const where = isNginx
    ? "In nginx: proxy_buffer_size 256k; proxy_buffers 8 256k; proxy_busy_buffers_size 256k; (uwsgi_… with uwsgi_pass), see contrib/nginx."
    : "In nginx that is proxy_buffer_size or uwsgi_buffer_size: make it 256k.";
  const bytes = formatBytes(size);
  const what = `answers arrive in pieces of ${bytes}: buffers of ${bytes} halve your speed on a fast line`;
  const mend = `A web server on the way has so small a buffer for each direction. ${where}`;
  ground.report(finding("pieces", "warning", what, { mend, figures }));
  return true;
};

async function collect(ground: Ground, { visit, maxFrameBytes }: Sizes): Promise<readonly number[]> {
  const { clock, options } = ground;
  const endMs = clock.nowMs() + TIME_MS;
  const question = {
    lane: LANE,
    requestBytes: ECHO_MIN_BYTES,
    replyBytes: maxFrameBytes,
    timeoutMs: options.echoTimeoutMs,
  };
  const pieces: number[] = [];
  while (pieces.length < ENOUGH_PIECES && clock.nowMs() < endMs && visit.ending === undefined) {
    visit.pieces.begin();
    await visit.channel.ask(question);
    pieces.push(...visit.pieces.end());
  }
  return pieces;
}
