import { plural } from "../base/words.ts";
import type { Finding, Level } from "./finding.ts";

const MARKS: Readonly<Record<Level, string>> = { good: "✓", warning: "!", fault: "✗", skipped: "–" };

const TITLES: Readonly<Record<Finding["step"], string>> = {
  name: "name",
  connect: "TCP",
  proxy: "proxy",
  tls: "TLS",
  upgrade: "upgrade",
  dialect: "dialect",
  welcome: "welcome",
  sizes: "frame sizes",
  pieces: "buffers",
  "round-trip": "round trip",
  load: "load",
  idle: "silence",
};

const TITLE_WIDTH = 12;
const LINE_WIDTH = 110;

/** A finding as people read it: one line, what belongs to it indented, what to do last. No line feed at the end. */
export function formatFinding({ step, level, what, details, mend }: Finding): string {
  const lines = [`${MARKS[level]} ${TITLES[step].padEnd(TITLE_WIDTH)}${what}`, ...details.map((one) => `    ${one}`)];
  if (mend !== "") lines.push(...wrap(mend).map((line, index) => `  ${index === 0 ? "→ " : "  "}${line}`));
  return lines.join("\n");
}

/** What all of them come to. */
export interface Summary {
  /** Nothing keeps a VPN from working. */
  readonly ok: boolean;
  readonly faults: number;
  readonly warnings: number;
}

export function summaryOf(findings: readonly Finding[]): Summary {
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const faults = count("fault");
  return { ok: faults === 0, faults, warnings: count("warning") };
}

export function formatSummary(findings: readonly Finding[]): string {
  const { faults, warnings } = summaryOf(findings);
  const beside = warnings === 0 ? "" : ` and ${plural(warnings, "warning")}`;
  if (faults > 0) {
    const [first] = findings.filter(({ level }) => level === "fault");
    return `${plural(faults, "fault")}${beside}. It fails here: ${(first?.what ?? "").replace(/\.$/, "")}.`;
  }
  return warnings === 0 ? "Nothing is wrong." : `It works, with ${plural(warnings, "warning")}.`;
}

/** All of it for programs, as one JSON object. */
export function formatJson(url: string, findings: readonly Finding[]): string {
  return JSON.stringify({ url, ...summaryOf(findings), findings });
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= LINE_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
