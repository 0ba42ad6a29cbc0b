/**
 * `npm run lab`: how the VPN behaves where it is difficult. Each situation is built with the real programs, what is measured
 * is held against its bound, and one table is printed. The exit status is 1 when a bound is missed or something could not be
 * measured at all.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.ts";
import { Lab } from "./namespace.ts";
import { requirePrograms } from "./programs.ts";
import { Progress } from "./progress.ts";
import type { Measured, Situation, SituationContext } from "./situations/situation.ts";
import { SITUATIONS } from "./situations/situations.ts";
import { MOST_STOLEN, withStolenShare } from "./stolen.ts";

const USAGE = `usage: npm run lab [-- OPTIONS]
  --only NAME,…  only these situations: ${SITUATIONS.map(({ name }) => name).join(", ")}
  --quick        shorter: a first look
  --count N      random faults in the situation of that name
  --seed N       their seed
  --json FILE    the figures also there`;

type Settings = Omit<SituationContext, "lab">;

/** Of a situation that misses a bound while a host takes the processors away. */
const ATTEMPTS = 3;

interface Row extends Measured {
  readonly situation: string;
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    count: { type: "string" },
    seed: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else {
  const { quick, count, seed } = values;
  const settings = { quick, count: numberOf(count), seed: numberOf(seed) };
  await run(select(values.only?.split(",") ?? []), settings, values.json);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new Error(`${text} is no number\n${USAGE}`);
}

function select(names: readonly string[]): readonly Situation[] {
  const unknown = names.filter((name) => !SITUATIONS.some((situation) => situation.name === name));
  if (unknown.length > 0) throw new Error(`no such situation: ${unknown.join(", ")}\n${USAGE}`);
  return SITUATIONS.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function run(situations: readonly Situation[], settings: Settings, file: string | undefined): Promise<void> {
  await requirePrograms("ip", "ss", "ping", "iperf3");
  const progress = new Progress(process.stdout);
  const rows: Row[] = [];
  for (const situation of situations) {
    rows.push(...(await judge(situation, settings, progress)));
  }
  progress.note(`\n${formatRows(rows)}`);
  if (file !== undefined) {
    const about = { date: new Date().toISOString(), machine: describeMachine(), quick: settings.quick };
    writeFileSync(file, `${JSON.stringify({ ...about, rows }, undefined, 1)}\n`);
  }
  if (rows.some(({ verdict }) => verdict === "fail")) process.exitCode = 1;
}

/** Who has no processor is late: a bound that is met nevertheless is met, one that is missed is tried again. */
async function judge(situation: Situation, settings: Settings, progress: Progress): Promise<readonly Row[]> {
  for (let attempt = 1; ; attempt++) {
    const [rows, share] = await withStolenShare(() => measure(situation, settings, progress));
    const isMissed = rows.some(({ verdict }) => verdict === "fail");
    if (!isMissed || share <= MOST_STOLEN || attempt === ATTEMPTS) return rows;
    const missed = rows.filter(({ verdict }) => verdict === "fail").map(({ what, got }) => `${what}: ${got}`);
    progress.note(`  again, as ${Math.round(100 * share)} % of the processors' time was stolen: ${missed.join("; ")}`);
  }
}

async function measure(
  { name, title, measure }: Situation,
  settings: Settings,
  progress: Progress,
): Promise<readonly Row[]> {
  const lab = await Lab.open();
  try {
    const measured = await progress.step(`${name}: ${title}`, () => measure({ lab, ...settings }));
    return measured.map((one) => ({ situation: name, ...one }));
  } catch (error) {
    if (lab.isClosing) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    progress.note(reason);
    return [{ situation: name, what: "not measured", bound: "", got: gistOf(reason), verdict: "fail" }];
  } finally {
    await lab.close();
  }
}

/** The line of a message that says most: what a program of ours ended with, else the first. */
function gistOf(reason: string): string {
  const lines = reason.split("\n");
  return lines.find((line) => line.startsWith("error:")) ?? lines[0] ?? "";
}

function formatRows(rows: readonly Row[]): string {
  const cells = rows.map(({ situation, what, bound, got, verdict }) => [situation, what, bound, got, verdict]);
  const table = [["situation", "figure", "bound", "got", "verdict"], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
