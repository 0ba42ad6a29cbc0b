import assert from "node:assert/strict";
import { test } from "node:test";
import { drawChart } from "../../../bench/chart.ts";
import type { RowResult } from "../../../bench/result.ts";
import { formatColumns, formatFigure, formatResults } from "../../../bench/table.ts";

test("columns are as wide as their widest cell", () => {
  const table = formatColumns([
    ["path", "median"],
    ["ws", "12,345"],
    ["OpenVPN", "7"],
  ]);
  assert.equal(table, "path     median\nws       12,345\nOpenVPN       7");
});

test("figures have as many digits as their size deserves", () => {
  assert.equal(formatFigure(12_345.6), "12,346");
  assert.equal(formatFigure(0.0625), "0.063");
  assert.equal(formatFigure(Number.NaN), "–");
});

test("a line of the table shows the figure, the ratio, the target and the verdict", () => {
  const result: RowResult = {
    row: {
      path: "ws",
      measure: "up",
      title: "ws up",
      unit: "Mbit/s",
      targets: [{ of: "floor", atLeast: 0.8, aim: 0.95 }],
    },
    value: 9_300,
    ofFloor: 0.845,
    verdict: "pass",
  };
  assert.match(formatResults([result]), /ws up +9,300 +Mbit\/s +0\.8[45] +≥ 0\.8× \(aim 0\.95\) +pass$/);
});

test("a chart has a bar and a target tick where they belong, and its text cannot break the markup", () => {
  const svg = drawChart({
    title: "speed <b> & more",
    subtitle: "",
    bars: [{ title: "ws", ofFloor: 0.5, megabitsPerSecond: 5_000, target: 0.8, kind: "ours" }],
  });
  assert.match(svg, /speed &lt;b&gt; &amp; more/);
  // The scale runs from 400 to 890 for 0 to 1.
  assert.match(svg, /<rect x="400" y="84" width="245"/);
  assert.match(svg, /<line x1="792" x2="792"/);
  assert.match(svg, /5,000 Mbit\/s/);
});
