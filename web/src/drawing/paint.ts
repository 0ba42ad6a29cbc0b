/** Draws a layout on a canvas: discs, lines, then who talks, then names. */
import type { TalkLine } from "./lines.ts";
import { curveOf, tracePath, traceSatellites } from "./outlines.ts";
import { LABEL_PIXELS, paintNames } from "./paint-names.ts";
import { FAINT, isMeant, type Painting } from "./painting.ts";
import type { DrawnNode } from "./placing.ts";
import { symbolOf } from "./symbol.ts";

const LINE_ALPHA = 0.55;

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
  paintNames(context, painting);
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
