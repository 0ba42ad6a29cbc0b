/** Shapes of the drawing, on a canvas. */
import type { TalkLine } from "./lines.ts";
import type { DrawnNode, Layout } from "./placing.ts";
import type { Point } from "./sunflower.ts";

/** More behind a bridge than this are told as a number. */
const MAX_SATELLITES = 8;
/** In a smaller cell nobody would see them, in pixels. */
const SATELLITES_FROM_CELL = 28;
/** How far lines bend towards the middle: lines of many pairs then do not lie upon each other. */
const BEND = 0.3;

/** The control point of a line's curve. Lines to a network's middle are straight. */
export function curveOf({ a, b }: TalkLine, { discs, nodes }: Layout): Point {
  const middle = (a.network === b.network && discs.find(({ network }) => network === a.network)) || (nodes[0] as Point);
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2;
  return { x: x + BEND * (middle.x - x), y: y + BEND * (middle.y - y) };
}

/** A circle; what belongs to the server is a square, a bridge stands on its corner. */
export function tracePath(
  context: CanvasRenderingContext2D,
  { kind, x, y, radius }: DrawnNode,
  isBridge: boolean,
): void {
  context.beginPath();
  if (kind === "server" || kind === "uplink")
    context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius / 3);
  else if (isBridge) traceDiamond(context, { x, y }, radius);
  else context.arc(x, y, radius, 0, 2 * Math.PI);
}

function traceDiamond(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
}

/** What is behind a bridge: dots around it, each on a stalk; of many, one dot for all. */
export function traceSatellites(context: CanvasRenderingContext2D, node: DrawnNode, cell: number, count: number): void {
  if (cell < SATELLITES_FROM_CELL) return;
  const dots = count > MAX_SATELLITES ? 1 : count;
  const orbit = node.radius + cell * 0.1;
  const radius = cell * (dots === count ? 0.05 : 0.08);
  context.fillStyle = context.strokeStyle;
  for (let dot = 0; dot < dots; dot++) {
    const angle = -Math.PI / 4 + (dot * 2 * Math.PI) / Math.max(dots, 3);
    const at = { x: node.x + orbit * Math.cos(angle), y: node.y + orbit * Math.sin(angle) };
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    context.fill();
    if (dots < count) context.fillText(`+${count}`, at.x + 14, at.y - 4);
  }
}
