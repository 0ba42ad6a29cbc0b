/** Why somebody is refused, sent away or loses a frame: docs/OPERATIONS.md against the words in the code. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DROP_NAMES } from "../../../src/base/drop-reason.ts";
import { readSources } from "../../source-files.ts";
import { codeOf, readText, sectionOf, tableRows } from "./documents.ts";

const operations = readText("docs/OPERATIONS.md");
const serverSources = readSources("src/server").map(({ text }) => text);

/** The words of `type NAME = "a" | "b";`. */
function wordsOf(path: string, type: string): readonly string[] {
  const [, union = ""] = new RegExp(`type ${type} =([^;]*);`).exec(readText(path)) ?? [];
  const words = [...union.matchAll(/"([a-z-]+)"/g)].map(([, word = ""]) => word);
  assert.ok(words.length > 1, `${path} has the type ${type}`);
  return words;
}

const denials = wordsOf("src/access/policy.ts", "DenialReason");
const closedWays = wordsOf("src/server/access.ts", "WayFault");

/** `403 denied` for each reason for which the server refuses a request. */
function refusalsInCode(): readonly string[] {
  const stated = serverSources.flatMap((text) => [
    ...text.matchAll(/\b(?:refuse|noRoom)\((?:admitted, )?(\d{3}), "([a-z-]+)"/g),
    ...text.matchAll(/status: (\d{3}), reason: "([a-z-]+)"/g),
  ]);
  return [
    ...stated.map(([, status, reason]) => `${status} ${reason}`),
    ...wordsOf("src/access/authenticator.ts", "RefusalReason").map(
      (reason) => `${reason === "unavailable" ? 503 : 401} ${reason}`,
    ),
    ...[...denials, ...closedWays].map((reason) => `403 ${reason}`),
  ];
}

/** The words for which a peer is cut. */
function endingsInCode(): readonly string[] {
  const tenure = readText("src/server/tenure.ts");
  const stated = [
    ...tenure.matchAll(/#cut\(\w+, "([a-z-]+)"/g),
    ...tenure.matchAll(/return \{ reason: "([a-z-]+)"/g),
    ...tenure.matchAll(/^const [A-Z_]+ = \["([a-z-]+)"/gm),
  ];
  assert.ok(stated.length > 6, "the endings were found");
  return [...stated.map(([, reason = ""]) => reason), ...denials, ...closedWays];
}

const sorted = (words: readonly string[]): readonly string[] => [...new Set(words)].sort();

describe("docs/OPERATIONS.md", () => {
  test("lists every refusal with its status, and no other", () => {
    const rows = tableRows(sectionOf(operations, "## Refusals").split("### ")[0] ?? "").slice(1);
    const documented = rows.map(([status, cell = ""]) => `${status} ${codeOf(cell)[0]}`);
    // The opening's own statuses are the codec's.
    assert.deepEqual(sorted(documented), sorted([...refusalsInCode(), "400, 405, 426 not-an-opening"]));
  });

  test("lists every ending, and no other", () => {
    const rows = tableRows(sectionOf(operations, "### Endings")).slice(1);
    assert.deepEqual(sorted(rows.flatMap(([cell = ""]) => codeOf(cell))), sorted(endingsInCode()));
  });

  test("lists every reason for which a frame is dropped, in the order of the code", () => {
    const rows = tableRows(sectionOf(operations, "### Drops")).slice(1);
    assert.deepEqual(
      rows.map(([cell = ""]) => codeOf(cell)[0]),
      DROP_NAMES.slice(1),
    );
  });
});
