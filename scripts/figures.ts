/**
 * `node --import tsx scripts/figures.ts`: renders bench/results/latest.json into the places between the markers
 * `<!-- figures -->` and `<!-- /figures -->`: all rows into docs/BENCHMARKS.md, the throughput in short into README.md.
 * bench/results/node24.json and xeon.json, runs under another Node and on another machine, go between `<!-- node24 -->` and
 * `<!-- /node24 -->`, and so on, of docs/BENCHMARKS.md, bench/results/lab.json between `<!-- lab -->` and `<!-- /lab -->`,
 * where they are there.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PathName, Target } from "../bench/rows.ts";
import { formatFigure } from "../bench/table.ts";
import type { Measured } from "../lab/situations/situation.ts";

/** One row of latest.json. JSON has no NaN: what was not measured is null there. */
export interface FigureRow {
  readonly path: PathName;
  readonly measure: string;
  readonly title: string;
  readonly unit: string;
  readonly targets: readonly Target[];
  readonly value: number | null;
  readonly ofFloor: number | null;
  readonly verdict: string;
}

/** The part of latest.json that the documents show. */
export interface FigureSet {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly effort: { readonly rounds: number; readonly flowSeconds: number };
  readonly results: readonly FigureRow[];
}

/** What `npm run lab -- --json FILE` writes. */
export interface LabSet {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly quick: boolean;
  readonly rows: readonly (Measured & { readonly situation: string })[];
}

/** The name in the markers that a block stands between. */
export type Place = "figures" | (typeof OTHERS)[number] | "lab";

/** Runs under another Node and on another machine: `bench/results/NAME.json` each. */
const OTHERS = ["node24", "xeon"] as const;

const ABSENT = "–";

/** What the README shows, by the titles a reader knows. */
const SUMMARY: readonly (readonly [path: PathName, title: string])[] = [
  ["ws", "ws"],
  ["wss", "wss, own TLS"],
  ["uwsgi-unix", "ws behind nginx"],
  ["nginx-wss", "wss ended in nginx"],
  ["legacy", "peers of the original's dialect, no offload"],
  ["openvpn", "OpenVPN, TAP over TCP"],
];

/** Every row, in the order of the run. */
export function renderFigures(set: FigureSet): string {
  const lines = set.results.map(({ title, value, unit, ofFloor, targets, verdict }) => [
    title,
    `${formatValue(value)} ${unit}`,
    formatRatio(ofFloor),
    targets.map(formatTarget).join(", ") || ABSENT,
    verdict === "open" ? ABSENT : verdict,
  ]);
  return `${describe(set)}\n\n${formatTable(["row", "median", "of the floor", "target", "verdict"], lines)}`;
}

/** One TCP flow on the paths people ask about, a column for each direction. Empty lines are left out. */
export function renderSummary(set: FigureSet): string {
  const lines = SUMMARY.map(([path, title]) => {
    const cells = ["up", "down", "relay"].map((measure) => summaryCell(set.results, path, measure));
    return [title, ...cells];
  }).filter(([, ...cells]) => cells.some((cell) => cell !== ABSENT));
  const header = ["path", "client → server", "server → client", "client → client"];
  return `${formatTable(header, lines)}\n\n${describe(set)}`;
}

/** Every figure of the lab, in the order of the run. */
export function renderLab({ date, machine, quick, rows }: LabSet): string {
  const lines = rows.map(({ situation, what, bound, got, verdict }) => [
    situation,
    what,
    bound || ABSENT,
    got,
    verdict === "noted" ? ABSENT : verdict,
  ]);
  const about = `${date.slice(0, 10)}, ${machine}; ${quick ? "a quick run" : "a full run"}.`;
  return `${about}\n\n${formatTable(["situation", "figure", "bound", "got", "verdict"], lines)}`;
}

/** The document with `block` between the markers of that name. Throws if it has none. */
export function fillPlace(document: string, place: Place, block: string): string {
  const [opening, closing] = [`<!-- ${place} -->`, `<!-- /${place} -->`];
  const begin = document.indexOf(opening);
  const end = document.indexOf(closing);
  if (begin < 0 || end < begin) throw new Error(`the document has no ${opening} … ${closing}`);
  return `${document.slice(0, begin + opening.length)}\n${block}\n${document.slice(end)}`;
}

function summaryCell(rows: readonly FigureRow[], path: PathName, measure: string): string {
  const row = rows.find((one) => one.path === path && one.measure === measure);
  if (row === undefined || row.value === null) return ABSENT;
  return row.ofFloor === null ? formatValue(row.value) : `${formatValue(row.value)} (${formatRatio(row.ofFloor)})`;
}

function describe({ date, machine, effort }: FigureSet): string {
  const runs = effort.rounds === 1 ? "one round" : `median of ${effort.rounds} rounds`;
  return `${date.slice(0, 10)}, ${machine}; ${runs}, ${effort.flowSeconds} s per flow.`;
}

function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const alignment = header.map((_, column) => (column === 0 ? "---" : "--:"));
  return [header, alignment, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function formatValue(value: number | null): string {
  return formatFigure(value ?? Number.NaN);
}

function formatRatio(ratio: number | null): string {
  return ratio === null ? ABSENT : ratio.toFixed(2);
}

function formatTarget({ of, atLeast, below }: Target): string {
  const bound = atLeast === undefined ? `< ${below}` : `≥ ${atLeast.toLocaleString("en")}`;
  return of === "floor" ? `${bound} of the floor` : bound;
}

function fillFile(name: string, place: Place, block: string): void {
  const url = new URL(`../${name}`, import.meta.url);
  writeFileSync(url, fillPlace(readFileSync(url, "utf8"), place, block));
}

/** What a program wrote into bench/results/; undefined if it has not. */
function read<T>(name: string): T | undefined {
  const url = new URL(`../bench/results/${name}`, import.meta.url);
  return existsSync(url) ? (JSON.parse(readFileSync(url, "utf8")) as T) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const set = read<FigureSet>("latest.json");
  if (set === undefined) throw new Error("there is no bench/results/latest.json; npm run bench makes it");
  fillFile("docs/BENCHMARKS.md", "figures", renderFigures(set));
  fillFile("README.md", "figures", renderSummary(set));
  for (const name of OTHERS) {
    const other = read<FigureSet>(`${name}.json`);
    if (other !== undefined) fillFile("docs/BENCHMARKS.md", name, renderFigures(other));
  }
  const lab = read<LabSet>("lab.json");
  if (lab !== undefined) fillFile("docs/BENCHMARKS.md", "lab", renderLab(lab));
}
