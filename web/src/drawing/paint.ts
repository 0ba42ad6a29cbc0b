/** Draws a layout on a canvas: discs, lines, then who talks, then names. */

import { nameOf } from "../text/names.ts";
import type { TalkLine } from "./lines.ts";
import { curveOf, tracePath, traceSatellites } from "./outlines.ts";
import type { DrawnNode, Layout } from "./placing.ts";
import type { Scene } from "./scene.ts";
import { type SymbolName, symbolOf } from "./symbol.ts";

/** All of it as CSS writes it. */
export interface Palette {
  readonly symbols: Readonly<Record<SymbolName, string>>;
  readonly line: string;
  readonly disc: string;
  readonly text: string;
  readonly background: string;
  readonly focus: string;
  readonly font: string;
}

export interface Painting {
  readonly layout: Layout;
  readonly scene: Scene;
  readonly lines: readonly TalkLine[];
  readonly palette: Palette;
  /** Under the pointer, or where the keyboard is. */
  readonly focused: DrawnNode | undefined;
  /** Ids that a search found. */
  readonly found: ReadonlySet<string> | undefined;
}

/** Names of neighbours have room from here on, in pixels of a cell. */
const NAMES_FROM_CELL = 36;
/** So many that were found are named even where names have no room. */
const NAMED_FINDS = 12;
const FAINT = 0.3;
const LINE_ALPHA = 0.55;
const LABEL_PIXELS = 12;

export function paint(context: CanvasRenderingContext2D, painting: Painting): void {
  const { width, height } = painting.layout;
  context.clearRect(0, 0, width, height);
  context.font = `${LABEL_PIXELS}px ${painting.palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  paintDiscs(context, painting);
  paintTrunks(context, painting);
  for (const line of painting.lines) paintLine(context, painting, line);
  for (const node of painting.layout.nodes) paintNode(context, painting, node);
  for (const node of named(painting)) paintName(context, painting, node);
}

function paintDiscs(context: CanvasRenderingContext2D, { layout, palette }: Painting): void {
  for (const { x, y, radiusX, radiusY, network } of layout.discs) {
    context.beginPath();
    context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
    context.fillStyle = palette.disc;
    context.fill();
    if (layout.discs.length < 2) continue;
    context.fillStyle = palette.text;
    context.fillText(network, x, y - radiusY - LABEL_PIXELS);
  }
}

/** From the server to each of its networks. */
function paintTrunks(context: CanvasRenderingContext2D, { layout, palette }: Painting): void {
  const [server, ...others] = layout.nodes as readonly [DrawnNode, ...DrawnNode[]];
  context.strokeStyle = palette.symbols.server;
  context.lineWidth = 1;
  context.beginPath();
  for (const { kind, x, y } of others) {
    if (kind === "peer") continue;
    context.moveTo(server.x, server.y);
    context.lineTo(x, y);
  }
  context.stroke();
}

function paintLine(
  context: CanvasRenderingContext2D,
  { layout, palette, focused, found }: Painting,
  line: TalkLine,
): void {
  const isFocused = line.a === focused || line.b === focused;
  const isMeant = found === undefined || found.has(line.a.id) || found.has(line.b.id);
  const isFaint = !isMeant || (focused !== undefined && !isFocused);
  const curve = curveOf(line, layout);
  context.globalAlpha = isFaint ? FAINT : isFocused ? 1 : LINE_ALPHA;
  context.strokeStyle = isFocused ? palette.focus : palette.line;
  context.lineWidth = line.width;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(line.a.x, line.a.y);
  context.quadraticCurveTo(curve.x, curve.y, line.b.x, line.b.y);
  context.stroke();
  context.globalAlpha = 1;
}

function paintNode(context: CanvasRenderingContext2D, painting: Painting, node: DrawnNode): void {
  const { palette, scene, found, focused } = painting;
  const symbol = symbolOf(node, scene);
  const row = scene.rows.get(node.id);
  context.globalAlpha = isMeant(node, found) ? 1 : FAINT;
  context.strokeStyle = palette.symbols[symbol];
  context.lineWidth = Math.min(3, Math.max(1.5, node.radius / 6));
  const behind = scene.behind.get(node.id)?.length ?? 0;
  if (behind > 0) traceSatellites(context, node, painting.layout.cell, behind);
  tracePath(context, node, row?.bridge === true);
  context.fillStyle = symbol === "held" || symbol === "group" ? palette.background : palette.symbols[symbol];
  context.fill();
  context.stroke();
  if (symbol === "shut") paintCross(context, node, palette.background);
  if (row?.isolated) paintRing(context, node, palette.symbols[symbol], true);
  if (node === focused || found?.has(node.id)) paintRing(context, node, palette.focus, false);
  context.globalAlpha = 1;
}

function isMeant(node: DrawnNode, found: Painting["found"]): boolean {
  return found === undefined || node.kind !== "peer" || found.has(node.id);
}

function paintCross(context: CanvasRenderingContext2D, { x, y, radius }: DrawnNode, colour: string): void {
  const half = radius / 2;
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x - half, y - half);
  context.lineTo(x + half, y + half);
  context.moveTo(x - half, y + half);
  context.lineTo(x + half, y - half);
  context.stroke();
}

function paintRing(context: CanvasRenderingContext2D, node: DrawnNode, colour: string, isDashed: boolean): void {
  context.strokeStyle = colour;
  const gap = Math.min(4, node.radius / 2 + 0.5);
  context.lineWidth = isDashed ? 1 : 2.5;
  context.setLineDash(isDashed ? [gap, gap] : []);
  context.beginPath();
  context.arc(node.x, node.y, node.radius + gap, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}

/** Everybody if there is room; else who is focused, and a few who were found. */
function named({ layout, focused, found }: Painting): readonly DrawnNode[] {
  const isRoomy = layout.cell >= NAMES_FROM_CELL;
  const finds = found === undefined ? [] : layout.nodes.filter(({ id }) => found.has(id)).slice(0, NAMED_FINDS);
  const few = new Set([focused, ...finds]);
  return layout.nodes.filter((node) => isRoomy || node.kind === "server" || node.kind === "group" || few.has(node));
}

function paintName(context: CanvasRenderingContext2D, painting: Painting, node: DrawnNode): void {
  const { layout, palette, focused, scene } = painting;
  const name = labelOf(node, scene);
  const room = node === focused || node.kind !== "peer" ? Number.POSITIVE_INFINITY : layout.cell * 1.15;
  const text = shorten(context, name, room);
  const y = Math.min(node.y + node.radius + LABEL_PIXELS, layout.height - LABEL_PIXELS / 2);
  const half = context.measureText(text).width / 2 + 2;
  const x = Math.min(Math.max(node.x, half), layout.width - half);
  context.globalAlpha = isMeant(node, painting.found) ? 1 : FAINT;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = palette.background;
  context.strokeText(text, x, y);
  context.fillStyle = palette.text;
  context.fillText(text, x, y);
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
