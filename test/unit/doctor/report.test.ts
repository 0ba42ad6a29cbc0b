import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { finding } from "../../../src/doctor/finding.ts";
import { formatFinding, formatJson, formatSummary, summaryOf } from "../../../src/doctor/report.ts";
import { spreadOf } from "../../../src/doctor/statistics.ts";

const GOOD = finding("name", "good", "it is found");
const WARNING = finding("tls", "warning", "it ends soon", { mend: "Renew it." });
const FAULT = finding("upgrade", "fault", "426", { details: ["Server: nginx"], mend: "word ".repeat(40).trim() });

describe("the report", () => {
  test("is a line for each finding, what belongs to it indented, what to do at the end", () => {
    assert.equal(formatFinding(GOOD), "✓ name        it is found");
    assert.equal(formatFinding(WARNING), "! TLS         it ends soon\n  → Renew it.");
    const [first, detail, mend, more] = formatFinding(FAULT).split("\n");
    assert.deepEqual([first, detail], ["✗ upgrade     426", "    Server: nginx"]);
    assert.match(mend ?? "", /^ {2}→ word/);
    assert.match(more ?? "", /^ {4}word/);
  });

  test("says at the end what it comes to", () => {
    assert.equal(formatSummary([GOOD]), "Nothing is wrong.");
    assert.equal(formatSummary([GOOD, WARNING]), "It works, with 1 warning.");
    assert.equal(formatSummary([WARNING, FAULT]), "1 fault and 1 warning. It fails here: 426.");
  });

  test("is JSON for programs, where a warning is no failure", () => {
    const json = JSON.parse(formatJson("wss://a/", [GOOD, WARNING]));
    assert.deepEqual([json.url, json.ok, json.warnings, json.findings.length], ["wss://a/", true, 1, 2]);
    assert.equal(summaryOf([FAULT]).ok, false);
  });
});

describe("measurements", () => {
  test("of many, a few stand for all", () => {
    assert.equal(spreadOf([]), undefined);
    const spread = spreadOf(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 10 : 10 + i)));
    assert.deepEqual(
      { ...spread, jitter: Math.round(spread?.jitter ?? 0) },
      { min: 10, median: 10, p95: 99, max: 109, jitter: 50 },
    );
  });
});
