/** Names of the drawing, on a canvas. */
import { nameOf } from "../text/names.ts";
import { FAINT, isMeant, type Painting } from "./painting.ts";
import type { DrawnNode, Layout } from "./placing.ts";
import type { Scene } from "./scene.ts";

/** Names of neighbours have room from here on, in pixels of a cell. */
const NAMES_FROM_CELL = 36;
/** So many that were found are named even where names have no room. */
const NAMED_FINDS = 12;
/** Height of a line. */
export const LABEL_PIXELS = 12;

/** Where a name is written, in pixels. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

/** In full where that covers no other name, else shortened to what a cell has room for. */
export function paintNames(context: CanvasRenderingContext2D, painting: Painting): void {
  const { layout, scene, focused } = painting;
  const written: Box[] = [];
  for (const node of named(painting)) {
    const name = labelOf(node, scene);
    const box = boxOf(context, layout, node, name);
    const isFree = node === focused || !written.some((other) => doOverlap(other, box));
    const text = isFree ? name : shorten(context, name, layout.cell);
    written.push(boxOf(context, layout, node, text));
    writeName(context, painting, node, text);
  }
}

/** Everybody if there is room; else who is focused, and a few who were found. */
function named({ layout, focused, found }: Painting): readonly DrawnNode[] {
  const isRoomy = layout.cell >= NAMES_FROM_CELL;
  const finds = found === undefined ? [] : layout.nodes.filter(({ id }) => found.has(id)).slice(0, NAMED_FINDS);
  const few = new Set([focused, ...finds]);
  return layout.nodes.filter((node) => isRoomy || node.kind === "server" || node.kind === "group" || few.has(node));
}

/** Under the node, inside of the drawing. */
function boxOf(context: CanvasRenderingContext2D, layout: Layout, node: DrawnNode, text: string): Box {
  const half = context.measureText(text).width / 2 + 2;
  const x = Math.min(Math.max(node.x, half), layout.width - half);
  const y = Math.min(node.y + node.radius + LABEL_PIXELS, layout.height - LABEL_PIXELS / 2);
  return { left: x - half, right: x + half, y };
}

function doOverlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && Math.abs(a.y - b.y) < LABEL_PIXELS;
}

function writeName(context: CanvasRenderingContext2D, painting: Painting, node: DrawnNode, text: string): void {
  const { layout, palette, found } = painting;
  const { left, right, y } = boxOf(context, layout, node, text);
  context.globalAlpha = isMeant(node, found) ? 1 : FAINT;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = palette.background;
  context.strokeText(text, (left + right) / 2, y);
  context.fillStyle = palette.text;
  context.fillText(text, (left + right) / 2, y);
  context.globalAlpha = 1;
}

/** Under its symbol. */
export function labelOf(node: DrawnNode, { rows }: Scene): string {
  if (node.kind === "group") return `${node.network}: ${node.peers} peers`;
  if (node.kind === "server" || node.kind === "uplink") return node.kind;
  const row = rows.get(node.id);
  return row === undefined ? node.network : nameOf(row);
}

function shorten(context: CanvasRenderingContext2D, text: string, room: number): string {
  let end = text.length;
  while (end > 1 && context.measureText(end < text.length ? `${text.slice(0, end)}…` : text).width > room) end--;
  return end < text.length ? `${text.slice(0, end)}…` : text;
}
