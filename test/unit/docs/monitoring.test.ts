/** Dashboard, alerts and the table of metrics against what the server shows. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { MetricsRegistry } from "../../../src/api/metrics-registry.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { type ReadMetric, readMetrics } from "../../prometheus-text.ts";
import { codeOf, readText, sectionOf, tableRows } from "./documents.ts";

/** Labels that Prometheus adds itself. */
const ADDED = ["instance", "job"];

const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
  templating: z.object({ list: z.array(z.object({ definition: z.string().optional() })) }),
});
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

describe("what watches a server", () => {
  let metrics: readonly ReadMetric[];
  /** Labels of each series, by its name. */
  let labelsOf: ReadonlyMap<string, readonly string[]>;
  before(async () => {
    const model = new FakeControlModel(50);
    model.advance(20_000);
    metrics = readMetrics(await new MetricsRegistry(model).text());
    const samples = metrics.flatMap((metric) => metric.samples);
    labelsOf = new Map(samples.map(({ name, labels }) => [name, [...Object.keys(labels), ...ADDED]]));
  });

  function check(what: string, expression: string): void {
    const series = [...expression.matchAll(/\b((?:vpn_ws|process)_\w+)(?:\{([^}]*)\})?/g)];
    assert.ok(series.length > 0 || expression.startsWith("up{"), `${what} asks for no metric`);
    for (const [, name = "", matchers = ""] of series) {
      const known = labelsOf.get(name);
      assert.ok(known !== undefined, `${what}: there is no ${name}`);
      for (const [, label = ""] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) {
        assert.ok(known.includes(label), `${what}: ${name} has no label ${label}`);
      }
    }
  }

  test("the dashboard asks for metrics and labels that there are", () => {
    const { panels, templating } = dashboardSchema.parse(JSON.parse(readText("contrib/grafana/vpn-ws.json")));
    for (const { title, targets } of panels) for (const { expr } of targets) check(title, expr);
    for (const { definition } of templating.list) {
      const [, expression] = /^label_values\((.*), \w+\)$/.exec(definition ?? "") ?? [];
      if (expression !== undefined) check("a variable", expression);
    }
    assert.ok(panels.length > 10, "the panels were found");
  });

  test("the alerts ask for metrics and labels that there are", () => {
    const { groups } = rulesSchema.parse(parse(readText("contrib/prometheus/alerts.yml")));
    const rules = groups.flatMap((group) => group.rules);
    for (const { alert, expr } of rules) check(alert, expr);
    assert.ok(rules.length > 10, "the rules were found");
  });

  test("docs/OPERATIONS.md lists every metric with its type and labels, and no other", () => {
    const rows = tableRows(sectionOf(readText("docs/OPERATIONS.md"), "## Metrics")).filter(
      ([cell]) => cell !== "metric",
    );
    const documented = rows.map(([name = "", type = "", labels = ""]) => [codeOf(name)[0], type, codeOf(labels)]);
    const shown = metrics.map(({ name, type, samples }) => {
      const labels = type === "histogram" ? [] : Object.keys(samples[0]?.labels ?? {});
      return [name, type, labels];
    });
    assert.deepEqual(documented, shown);
  });
});
