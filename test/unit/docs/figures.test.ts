import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SITUATIONS } from "../../../lab/situations/situations.ts";
import { type FigureRow, fillPlace, renderFigures, renderLab, renderSummary } from "../../../scripts/figures.ts";
import { codeOf, readText, sectionOf, tableRows } from "./documents.ts";

const flow: FigureRow = {
  path: "ws",
  measure: "up",
  title: "ws, client → server",
  unit: "Mbit/s",
  targets: [{ of: "floor", atLeast: 0.8, aim: 0.95 }],
  value: 12_345.6,
  ofFloor: 0.876,
  verdict: "pass",
};
const set = {
  date: "2026-01-02T03:04:05.678Z",
  machine: "a machine",
  effort: { rounds: 3, flowSeconds: 3 },
  results: [
    flow,
    { ...flow, measure: "down", title: "ws, server → client", value: null, ofFloor: null, verdict: "not measured" },
  ],
};

describe("the figures in the documents", () => {
  test("are a table with a line for each row, what was not measured included", () => {
    assert.equal(
      renderFigures(set),
      [
        "2026-01-02, a machine; median of 3 rounds, 3 s per flow.",
        "",
        "| row | median | of the floor | target | verdict |",
        "| --- | --: | --: | --: | --: |",
        "| ws, client → server | 12,346 Mbit/s | 0.88 | ≥ 0.8 of the floor | pass |",
        "| ws, server → client | – Mbit/s | – | ≥ 0.8 of the floor | not measured |",
      ].join("\n"),
    );
  });

  test("are in short a column for each direction, without paths that were not measured", () => {
    assert.equal(
      renderSummary(set),
      [
        "| path | client → server | server → client | client → client |",
        "| --- | --: | --: | --: |",
        "| ws | 12,346 (0.88) | – | – |",
        "",
        "2026-01-02, a machine; median of 3 rounds, 3 s per flow.",
      ].join("\n"),
    );
  });

  test("replace what is between the markers, and nothing else", () => {
    const once = fillPlace("a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n", "figures", "new");
    assert.equal(once, "a\n<!-- figures -->\nnew\n<!-- /figures -->\nb\n");
    assert.equal(fillPlace(once, "figures", "new"), once);
    assert.throws(() => fillPlace(once, "lab", "new"), /has no <!-- lab -->/);
  });

  test("have their place in README.md and docs/BENCHMARKS.md", () => {
    for (const path of ["README.md", "docs/BENCHMARKS.md"]) {
      assert.match(fillPlace(readText(path), "figures", "new"), /<!-- figures -->\nnew\n<!-- \/figures -->/);
    }
    assert.match(fillPlace(readText("docs/BENCHMARKS.md"), "lab", "new"), /<!-- lab -->\nnew\n<!-- \/lab -->/);
  });

  test("of the lab are a line for each, those without a bound included", () => {
    const pass = { situation: "cut", what: "3 s: traffic", bound: "≤ 1.00 s", got: "0.52 s", verdict: "pass" } as const;
    const noted = { situation: "cut", what: "inner TCP", bound: "", got: "1.20 s", verdict: "noted" } as const;
    const about = { date: set.date, machine: set.machine, quick: false };
    assert.equal(
      renderLab({ ...about, rows: [pass, noted] }),
      [
        "2026-01-02, a machine; a full run.",
        "",
        "| situation | figure | bound | got | verdict |",
        "| --- | --: | --: | --: | --: |",
        "| cut | 3 s: traffic | ≤ 1.00 s | 0.52 s | pass |",
        "| cut | inner TCP | – | 1.20 s | – |",
      ].join("\n"),
    );
  });

  test("of the lab are explained: BENCHMARKS.md has a row for each situation, and for no other", () => {
    const rows = tableRows(sectionOf(readText("docs/BENCHMARKS.md"), "### The situations")).slice(1);
    const documented = new Set(rows.flatMap(([cell = ""]) => codeOf(cell)));
    assert.deepEqual(
      [...documented],
      SITUATIONS.map(({ name }) => name),
    );
  });
});
