import type { z } from "zod";
import type { ConfigProblem } from "./config-problem.ts";
import { AT_KEY } from "./schema-fields.ts";

const KINDS: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  string: "text",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

/** What the schema's issues say where a field has no words of its own. */
export function sayIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    const wanted = KINDS[issue.expected as string] ?? String(issue.expected);
    return issue.input === undefined ? "is missing" : `must be ${wanted}, not ${kindOf(issue.input)}`;
  }
  if (issue.code === "too_small") {
    return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
  }
  if (issue.code !== "too_big") return undefined;
  if (issue.origin === "array") return `has more than ${issue.maximum} entries`;
  return issue.origin === "string" ? `is longer than ${issue.maximum} characters` : `must be at most ${issue.maximum}`;
}

/** The problem that an issue of the schema is. */
export function issueProblem(issue: z.core.$ZodIssue): ConfigProblem {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "invalid_key") return { path, message: issue.issues[0]?.message ?? issue.message, atKey: true };
  return { path, message: issue.message, atKey: issue.code === "custom" && issue.params?.at === AT_KEY };
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "an infinite number";
  return typeof value === "string" ? "text" : String(value);
}
