import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSentBytes } from "../../../bench/beside.ts";
import type { Sample } from "../../../bench/measures.ts";
import { parseReceived } from "../../../bench/measures.ts";
import { floorValueOf, processResultsOf, resultOf } from "../../../bench/result.ts";
import { type Row, referenceOf, type Target } from "../../../bench/rows.ts";
import { measuresByPath, type Run } from "../../../bench/schedule.ts";

const row = (targets: readonly Target[], unit: Row["unit"] = "Mbit/s"): Row => ({
  path: "ws",
  measure: "up",
  title: "ws, client → server",
  unit,
  targets,
});

const flow = (value: number, cpuSecondsPerGigabit = 0.1): Sample => ({ value, cpuSecondsPerGigabit });

const run = (pairs: readonly (readonly [ours: Sample, ...floor: Sample[]])[]): Run => ({
  observations: pairs.map(([sample, ...reference]) => ({ path: "ws", measure: "up", sample, reference })),
  floor: pairs.flatMap(([, ...floor]) => floor.map((sample) => ({ measure: "up", sample }) as const)),
  failures: [],
});

test("a ratio is taken to the neighbouring floor of the same round, and then the median over the rounds", () => {
  // The machine is half as fast in the second round; the ratio does not care.
  const measured = run([
    [flow(800), flow(900), flow(1100)],
    [flow(400), flow(500), flow(500)],
    [flow(900), flow(1000), flow(1000)],
  ]);
  const result = resultOf(row([{ of: "floor", atLeast: 0.8 }]), measured);
  assert.equal(result.ofFloor, 0.8);
  assert.equal(result.value, 800);
  assert.equal(result.verdict, "pass");
});

test("a row passes only if each of its targets is reached", () => {
  const measured = run([[flow(600), flow(1000)]]);
  const both = (atLeast: number): readonly Target[] => [
    { of: "value", atLeast },
    { of: "floor", atLeast: 0.5 },
  ];
  assert.equal(resultOf(row(both(600)), measured).verdict, "pass");
  assert.equal(resultOf(row(both(601)), measured).verdict, "FAIL");
});

test("processor time is judged by an upper bound relative to the floor's", () => {
  const measured = run([[flow(1, 0.13), flow(1, 0.1)]]);
  const judge = (below: number): string => resultOf(row([{ of: "floor", below }], "CPU s/Gbit"), measured).verdict;
  assert.equal(judge(1.25), "FAIL");
  assert.equal(judge(1.35), "pass");
});

test("what the guard leaves is the ratio itself, of neighbours and then of rounds, and has none to the floor", () => {
  const measured = run([
    [flow(960), flow(900), flow(1100)],
    [flow(470), flow(500), flow(500)],
    [flow(990), flow(1000), flow(1000)],
  ]);
  const result = resultOf(row([{ of: "value", atLeast: 0.95 }], "of guard off"), measured);
  assert.equal(result.value, 0.96);
  assert.equal(result.ofFloor, Number.NaN);
  assert.equal(result.verdict, "pass");
});

test("the guard is held against a server without it, and everything else against the floor", () => {
  assert.equal(referenceOf("guard"), "no-guard");
  assert.equal(referenceOf("ws"), "floor");
});

test("a row without observations is reported as not measured, one without targets is open", () => {
  assert.equal(resultOf(row([{ of: "floor", atLeast: 0.8 }]), run([])).verdict, "not measured");
  assert.equal(resultOf(row([]), run([[flow(1), flow(1)]])).verdict, "open");
});

test("the floor's own figure is its median over the whole run", () => {
  assert.equal(floorValueOf("up", "Mbit/s", run([[flow(1), flow(10), flow(30)]])), 20);
  assert.equal(floorValueOf("down", "Mbit/s", run([])), undefined);
});

test("cost of a program is given per gigabit, and its memory in megabytes", () => {
  const memoryBytes = { before: 50e6, during: 70e6, after: 60e6 };
  const cost = { machineCpuSeconds: 4, processes: [{ role: "server", cpuSeconds: 3, ioCalls: 400, memoryBytes }] };
  const sample = { value: 10_000, gigabits: 30, frames: 200, cost };
  assert.deepEqual(processResultsOf(row([]), run([[sample, flow(1)]])), [
    {
      title: "ws, client → server",
      role: "server",
      cpuSecondsPerGigabit: 0.1,
      framesPerCall: 0.5,
      memoryMegabytes: { before: 50, during: 70, after: 60 },
    },
  ]);
});

test("each path is set up once for all rows that want something of it", () => {
  const rows = [row([]), row([], "CPU s/Gbit"), { ...row([]), measure: "down" }] as const;
  assert.deepEqual([...measuresByPath(rows)], [["ws", ["up", "down"]]]);
});

test("datagrams per second are counted over the sender's time, or longer where a queue drained after it", () => {
  assert.equal(parseReceived("received 1000 seconds 0.4\n", 1), 1000);
  assert.equal(parseReceived("received 1000 seconds 2.0\n", 1), 500);
  assert.throws(() => parseReceived("", 1), /datagrams said/);
});

test("what left through a TAP is the ninth figure behind its name", () => {
  const devices =
    "Inter-| Receive\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  vpn0:100 2 0 0 0 0 0 0 345 3 0 0 0 0 0 0\n";
  assert.equal(parseSentBytes(devices, "vpn0"), 345);
  assert.throws(() => parseSentBytes(devices, "vpn1"), /there is no vpn1/);
});

test("what was measured in windows of one flow is the figure itself", () => {
  const { value, ofFloor, verdict } = resultOf(
    row([{ of: "value", atLeast: 0.97 }], "of unobserved"),
    run([[flow(0.98)]]),
  );
  assert.deepEqual([value, ofFloor, verdict], [0.98, Number.NaN, "pass"]);
});
