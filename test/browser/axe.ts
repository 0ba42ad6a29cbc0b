import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Of axe's four; minor and moderate ones are advice. */
const FAULTS = ["serious", "critical"];

/** Asserts that axe finds nothing that keeps people out of this page, as it is now: in all rules, or in these. */
export async function assertAccessible(page: Page, title: string, rules: readonly string[] = []): Promise<void> {
  const options = rules.length === 0 ? {} : { runOnly: rules };
  // Evaluated, not added as a script: the page's policy allows none but its own.
  await page.evaluate(`globalThis.axe ?? (() => { ${SOURCE} })()`);
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  const faults = violations
    .filter(({ impact }) => FAULTS.includes(impact ?? ""))
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
    );
  assert.deepEqual(faults, [], title);
}
