/**
 * `npm run bench`: the speed table. Builds the tools, runs the rounds, prints results beside their targets and writes
 * bench/results/latest.json and latest.svg. The exit status is 1 when a row missed its target or could not be measured;
 * --quick takes one short round, whose figures are for a first look and are not judged by the exit status.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "../lab/machine.ts";
import { isProfileName, PROFILES, type ProfileName } from "../lab/path/profiles.ts";
import { requirePrograms } from "../lab/programs.ts";
import { type Chart, drawChart } from "./chart.ts";
import type { Effort } from "./measures.ts";
import { floorValueOf, processResultsOf, type RowResult, resultOf } from "./result.ts";
import { PATHS, ROWS, type Row } from "./rows.ts";
import { type Run, Schedule } from "./schedule.ts";
import { formatSoak, runSoak, type SoakResult } from "./soak.ts";
import { formatFigure, formatProcesses, formatResults } from "./table.ts";
import { buildTools } from "./tools.ts";

const USAGE = `usage: npm run bench [-- OPTIONS]
  --quick         one short round: a first look
  --rounds N      so many rounds instead of three: steadier medians
  --profile NAME  over an emulated path (lab/path/profiles.ts) instead of a cable; nothing is judged or kept then
  --only NAME,…   only these paths or measures (ws, wss, guard, observe, legacy, openvpn, …; relay, ping, datagrams, …; soak)
  --soak SECONDS  also keep one flow at full speed that long and watch memory (300 when only "soak" is asked for)`;

const FULL: Effort = { rounds: 3, flowSeconds: 3, warmUpSeconds: 2, datagramSeconds: 1.5, pings: 300, windows: 16 };
const QUICK: Effort = { rounds: 1, flowSeconds: 1, warmUpSeconds: 1, datagramSeconds: 0.5, pings: 100, windows: 2 };
const IDLE_CPU_SECONDS_PER_GIGABIT = 0.002;
const DEFAULT_SOAK_SECONDS = 300;
const RESULTS = new URL("results/", import.meta.url);

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    profile: { type: "string" },
    soak: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
} else {
  const only = values.only?.split(",") ?? [];
  const soakSeconds = Number(values.soak ?? (only.includes("soak") ? DEFAULT_SOAK_SECONDS : 0));
  const cable = parseProfile(values.profile);
  const rows = selectRows(only);
  // The targets are for a cable.
  const judged = cable === undefined ? rows : rows.map((row) => ({ ...row, targets: [] }));
  const effort = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? effort.rounds : parseRounds(values.rounds);
  await bench(judged, { ...effort, rounds }, soakSeconds, cable);
}

function parseRounds(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new Error(`--rounds takes a number from 1 to 99, not ${text}`);
}

function parseProfile(name: string | undefined): ProfileName | undefined {
  if (name === undefined || isProfileName(name)) return name;
  throw new Error(`no such profile: ${name}; there are ${Object.keys(PROFILES).join(", ")}`);
}

async function bench(
  rows: readonly Row[],
  effort: Effort,
  soakSeconds: number,
  cable: ProfileName | undefined,
): Promise<void> {
  await requirePrograms("ip", "ss", "iperf3", "ping", "openssl", "nginx", "openvpn");
  const tools = await buildTools();
  const startMs = performance.now();
  const run = await new Schedule({ tools, cable, say: console.log }, effort).run(rows);
  const results = rows.map((row) => resultOf(row, run));
  const soak = soakSeconds > 0 ? await runSoak(soakSeconds, tools) : undefined;
  report(run, results, soak);
  if (cable !== undefined) return;
  writeResults(run, results, soak, effort);
  console.log(`\n${Math.round((performance.now() - startMs) / 1000)} s; bench/results/latest.json, latest.svg`);
  const isGood = results.every(({ verdict }) => verdict === "pass" || verdict === "open");
  const isFlat = soak?.programs.every(({ trend }) => trend.flat) ?? true;
  if (!values.quick && !(isGood && isFlat)) process.exitCode = 1;
}

function selectRows(only: readonly string[]): readonly Row[] {
  const known = new Set<string>(["soak", ...Object.keys(PATHS), ...ROWS.map(({ measure }) => measure)]);
  const unknown = only.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(", ")}; there are ${[...known].join(", ")}`);
  const isWanted = (path: string): boolean => only.some((name) => path === name || path.startsWith(`${name}-`));
  return ROWS.filter(({ path, measure }) => only.length === 0 || isWanted(path) || only.includes(measure));
}

function report(run: Run, results: readonly RowResult[], soak: SoakResult | undefined): void {
  if (results.length > 0) {
    if (run.floor.length > 0) console.log(`\n${formatFloor(run)}`);
    console.log(`\n${formatResults(results)}`);
    console.log(
      '\nwss is held against the plain floor; what TLS leaves of it on this machine is the row "floor over OpenSSL".\n' +
        "The guard is held against the same server without it; all other rows of ours have it on, as it is by default.\n" +
        "Who is observed is held against himself when nobody looks, seconds before and after.",
    );
  }
  const flows = results.filter(({ row }) => row.unit === "Mbit/s").flatMap(({ row }) => processResultsOf(row, run));
  // An idle second client says nothing about the flow beside it.
  const busy = flows.filter(({ cpuSecondsPerGigabit }) => cpuSecondsPerGigabit >= IDLE_CPU_SECONDS_PER_GIGABIT);
  if (busy.length > 0) console.log(`\n${formatProcesses(busy)}`);
  if (soak !== undefined) console.log(`\n${formatSoak(soak)}`);
  for (const { path, measure, reason } of run.failures)
    console.log(`\nnot measured: ${path} ${measure ?? ""}: ${reason}`);
}

function formatFloor(run: Run): string {
  const figures = [
    ["up", floorValueOf("up", "Mbit/s", run), "Mbit/s"],
    ["down", floorValueOf("down", "Mbit/s", run), "Mbit/s"],
    ["processor", floorValueOf("up", "CPU s/Gbit", run), "CPU s/Gbit"],
    ["64-byte datagrams", floorValueOf("datagrams", "datagrams/s", run), "per s"],
    ["ping 2 ms apart", floorValueOf("ping", "ms", run), "ms"],
    ["10 ms apart", floorValueOf("sparse-ping", "ms", run), "ms"],
  ] as const;
  const known = figures.filter(([, value]) => value !== undefined);
  return `floor: ${known.map(([title, value, unit]) => `${title} ${formatFigure(value ?? 0)} ${unit}`).join(", ")}`;
}

function writeResults(run: Run, results: readonly RowResult[], soak: SoakResult | undefined, effort: Effort): void {
  const document = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    effort,
    results: results.map(({ row, ...figures }) => ({ ...row, ...figures })),
    processes: results.flatMap(({ row }) => (row.unit === "Mbit/s" ? processResultsOf(row, run) : [])),
    soak,
    run,
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL("latest.json", RESULTS), `${JSON.stringify(document, undefined, 1)}\n`);
  writeFileSync(new URL("latest.svg", RESULTS), drawChart(chartOf(results)));
}

function chartOf(results: readonly RowResult[]): Chart {
  const measured = results.filter(
    ({ row, value }) => row.unit === "Mbit/s" && row.path !== "veth" && !Number.isNaN(value),
  );
  return {
    title: "One TCP flow through the VPN, as a fraction of the floor",
    subtitle: `Floor: the barest tunnel in C, measured in the same minutes. Red tick: target. ${describeMachine()}`,
    bars: measured.map(({ row, value, ofFloor }) => {
      const target = row.targets.find(({ of }) => of === "floor")?.atLeast;
      const kind = row.path === "openvpn" ? "reference" : "ours";
      return { title: row.title, ofFloor, megabitsPerSecond: value, kind, ...(target === undefined ? {} : { target }) };
    }),
  };
}
