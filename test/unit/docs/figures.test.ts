import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FigureRow, fillFigures, renderFigures, renderSummary } from "../../../scripts/figures.ts";
import { readText } from "./documents.ts";

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
    const once = fillFigures("a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n", "new");
    assert.equal(once, "a\n<!-- figures -->\nnew\n<!-- /figures -->\nb\n");
    assert.equal(fillFigures(once, "new"), once);
    assert.throws(() => fillFigures("no markers", "new"), /has no <!-- figures -->/);
  });

  test("have their place in README.md and docs/BENCHMARKS.md", () => {
    for (const path of ["README.md", "docs/BENCHMARKS.md"]) {
      assert.match(fillFigures(readText(path), "new"), /<!-- figures -->\nnew\n<!-- \/figures -->/);
    }
  });
});
