/**
 * The throughput rows as an SVG bar chart: length is the fraction of the floor, a tick marks the target, the text at the
 * end tells Mbit/s. Plain SVG on a light ground, so that it reads the same in a README, a browser and print.
 */
import { formatFigure } from "./table.ts";

interface Bar {
  readonly title: string;
  /** Fraction of the floor. */
  readonly ofFloor: number;
  readonly megabitsPerSecond: number;
  /** Fraction of the floor that is asked for. */
  readonly target?: number;
  /** Ours, or something to compare with. */
  readonly kind: "ours" | "reference";
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 1040;
const LABELS_WIDTH = 400;
const FIGURES_WIDTH = 150;
const TOP = 84;
const ROW_HEIGHT = 26;
const BAR_HEIGHT = 16;
const BOTTOM = 44;
const COLOURS = { ours: "#2f6fb3", reference: "#a9b4c0", target: "#c2410c", text: "#1f2933", faint: "#6b7785" };
const GRID_STEP = 0.2;

export function drawChart({ title, subtitle, bars }: Chart): string {
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const scaleEnd = Math.max(1, ...bars.map(({ ofFloor }) => ofFloor));
  const x = (ofFloor: number): number => LABELS_WIDTH + (ofFloor / scaleEnd) * (WIDTH - LABELS_WIDTH - FIGURES_WIDTH);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text({ x: 24, y: 34, anchor: "start", colour: COLOURS.text, size: 18 }, title),
    text({ x: 24, y: 56, anchor: "start", colour: COLOURS.faint }, subtitle),
    ...drawGrid(x, scaleEnd, height),
    ...bars.flatMap((bar, index) => drawBar(bar, TOP + index * ROW_HEIGHT, x)),
    "</svg>\n",
  ].join("\n");
}

function drawGrid(x: (ofFloor: number) => number, scaleEnd: number, height: number): readonly string[] {
  const bottom = height - BOTTOM;
  const lines: string[] = [];
  for (let step = 0; step * GRID_STEP <= scaleEnd + 1e-9; step++) {
    const ofFloor = step * GRID_STEP;
    const left = round(x(ofFloor));
    const isFloor = Math.abs(ofFloor - 1) < 1e-9;
    const stroke = isFloor ? `stroke="${COLOURS.faint}" stroke-dasharray="4 3"` : `stroke="#e4e8ec"`;
    lines.push(`<line x1="${left}" y1="${TOP - 8}" x2="${left}" y2="${bottom}" ${stroke}/>`);
    const label = isFloor ? "floor" : ofFloor.toFixed(1);
    lines.push(text({ x: left, y: bottom + 20, anchor: "middle", colour: COLOURS.faint }, label));
  }
  return lines;
}

function drawBar(bar: Bar, top: number, x: (ofFloor: number) => number): readonly string[] {
  const baseline = top + BAR_HEIGHT - 3;
  const left = round(x(0));
  const length = round(Math.max(1, x(bar.ofFloor) - x(0)));
  const end = round(Math.max(x(bar.ofFloor), x(bar.target ?? 0)) + 8);
  const figure = `${formatFigure(bar.megabitsPerSecond)} Mbit/s`;
  const shapes = [
    text({ x: LABELS_WIDTH - 10, y: baseline, anchor: "end", colour: COLOURS.text }, bar.title),
    `<rect x="${left}" y="${top}" width="${length}" height="${BAR_HEIGHT}" rx="2" fill="${COLOURS[bar.kind]}"/>`,
    text({ x: end, y: baseline, anchor: "start", colour: COLOURS.text }, figure),
  ];
  if (bar.target !== undefined) {
    const tick = round(x(bar.target));
    const ends = `y1="${top - 3}" y2="${top + BAR_HEIGHT + 3}"`;
    shapes.push(`<line x1="${tick}" x2="${tick}" ${ends} stroke="${COLOURS.target}" stroke-width="2"/>`);
  }
  return shapes;
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  readonly colour: string;
  readonly size?: number;
}

function text({ x, y, anchor, colour, size }: TextStyle, content: string): string {
  const font = size === undefined ? "" : ` font-size="${size}" font-weight="600"`;
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}"${font}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
