import { finding, type StepName } from "./finding.ts";
import { surviveIdle } from "./idle.ts";
import { lookUp } from "./look-up.ts";
import { measurePieces } from "./pieces.ts";
import { reach } from "./reach.ts";
import { secure } from "./secure.ts";
import { measureSizes } from "./sizes.ts";
import type { Ground } from "./step.ts";
import { openStream } from "./stream.ts";
import { measureLoad, measureRoundTrip } from "./timing.ts";
import { type Opened, upgrade } from "./upgrade.ts";
import { type Greeted, greet, judgeDialect } from "./welcome.ts";

/**
 * Walks the way to a server, step by step, and reports what each finds. It ends where a client could not go on.
 *
 *     name ─► connect ─► (proxy) ─► tls ─► upgrade ─► dialect ─► welcome ─► sizes ─► pieces ─► round trip ─► load
 *                                             └─────────────────────────► idle, on a connection of its own ────►
 */
export async function examine(ground: Ground): Promise<void> {
  const opened = await walkIn(ground);
  if (opened === undefined) return;
  ground.report(judgeDialect(opened, ground.options.dialects));
  if (opened.upgraded.dialect === "v1") await examineOriginal(ground, opened);
  else await examineInside(ground, opened);
}

/** As far as an open WebSocket. */
async function walkIn(ground: Ground): Promise<Opened | undefined> {
  const { url, way } = ground.options;
  const proxy = way.proxyFor(url);
  const { host, port } = proxy ?? url;
  const addresses = await lookUp(ground, { host, port });
  if (addresses === undefined) return undefined;
  const whose = proxy === undefined ? "server" : "proxy";
  if ((await reach(ground, { port, addresses, whose })) === undefined) return undefined;
  const stream = await openStream(ground, proxy);
  if (stream === undefined) return undefined;
  const secured = await secure(ground, stream);
  return secured === undefined ? undefined : upgrade(ground, secured);
}

const MEASURED: readonly StepName[] = ["sizes", "pieces", "round-trip", "load"];

/** The original answers nothing: what can be seen of it is whether it stays. */
async function examineOriginal(ground: Ground, { upgraded, front }: Opened): Promise<void> {
  upgraded.socket.destroy();
  skip(ground, MEASURED, "the original's dialect has no echo");
  if (ground.options.idleMs > 0) await surviveIdle(ground, front, true);
}

async function examineInside(ground: Ground, opened: Opened): Promise<void> {
  const { front } = opened;
  const greeted = await greet(ground, opened);
  if (greeted === undefined) return;
  const hasIdle = ground.options.idleMs > 0;
  const beside = hasIdle ? surviveIdle(asGiven(ground, greeted), front, false) : undefined;
  if (greeted.welcome.echo) await measure(ground, greeted, front);
  else skip(ground, MEASURED, "the server is too old to answer echo frames");
  await greeted.visit.leave();
  // Perhaps the user may have one session only.
  if ((await beside) === "no-place") await surviveIdle(asGiven(ground, greeted), front, true);
}

/** An invite is good once: from then on what was given for it is shown. */
function asGiven(ground: Ground, { visit }: Greeted): Ground {
  const { given } = visit;
  return given === undefined ? ground : { ...ground, options: { ...ground.options, credentials: given } };
}

async function measure(ground: Ground, greeted: Greeted, front: string): Promise<void> {
  const sizes = await measureSizes(ground, greeted);
  if (sizes === undefined) return;
  await measurePieces(ground, { ...sizes, front });
  const timed = await measureRoundTrip(ground, sizes);
  if (timed !== undefined) await measureLoad(ground, timed);
}

function skip({ report }: Ground, steps: readonly StepName[], why: string): void {
  for (const step of steps) report(finding(step, "skipped", `not measured: ${why}`));
}
