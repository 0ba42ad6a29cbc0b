/** The documents as text, and what the tests look for in them: sections, tables, fenced blocks, links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../source-files.ts";

/** Every document, by its path from the project's root. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  ...readdirSync(join(PROJECT_ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function readText(path: string): string {
  return readFileSync(join(PROJECT_ROOT, path), "utf8");
}

export function exists(path: string): boolean {
  return existsSync(join(PROJECT_ROOT, path));
}

export interface Block {
  readonly language: string;
  /** The word behind the language; empty if there is none. */
  readonly name: string;
  readonly text: string;
}

export function blocksOf(document: string): readonly Block[] {
  return [...document.matchAll(/^```(\w*) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", name = "", text = ""]) => ({
      language,
      name,
      text,
    }),
  );
}

/** The text of the block of this name. Throws if there is none. */
export function namedBlock(document: string, name: string): string {
  const found = blocksOf(document).find((block) => block.name === name);
  if (found === undefined) throw new Error(`no block is named ${name}`);
  return found.text;
}

/** Bytes of a hex block; what follows a # is a comment. */
export function hexBytes(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, "").replace(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/.test(digits)) throw new Error(`no hex: ${digits}`);
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/** The text under the heading, as far as the next one of the same level or above. */
export function sectionOf(document: string, heading: string): string {
  const start = document.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const level = heading.indexOf(" ");
  const rest = document.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Cells of all table rows in the text, without headers' separators. */
export function tableRows(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[-:| ]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

/** Text between backticks. */
export function codeOf(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** Without fenced blocks and inline code, in which brackets are no links. */
export function proseOf(document: string): string {
  return document.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(document: string): ReadonlySet<string> {
  const headings = document.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
