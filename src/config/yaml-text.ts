import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { type ConfigPath, type ConfigProblem, configError, type PlacedProblem, quote } from "./config-problem.ts";

/** Aliases are for a few repeated lists; ten that each hold ten of the next would fill the memory. */
const MAX_ALIASES = 100;

/** YAML without its traps: version 1.2, no merge keys, no tags beyond the core schema's, keys are texts as written. */
const PARSE_OPTIONS = {
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  // The library compares each key with each other; `repeatedKeys` does not.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "error",
} as const;

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** A YAML text that was read without error: its plain value, and where each part of it is written. */
export class YamlText {
  readonly fileName: string;
  readonly value: unknown;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  /** A ConfigError tells everything that is wrong with the YAML. */
  constructor(text: string, fileName: string) {
    this.fileName = fileName;
    this.#document = this.#orFault(() => parseDocument(text, { ...PARSE_OPTIONS, lineCounter: this.#lines }));
    this.#failOn([...this.#document.errors, ...this.#document.warnings].map(yamlFault));
    this.#failOn(this.#orFault(() => structureFaults(this.#document)));
    this.value = this.#orFault(() => this.#document.toJS({ maxAliasCount: MAX_ALIASES }));
  }

  /** Where a problem is: at its value, or at the nearest part around it if that is missing. */
  place({ path, message, atKey }: ConfigProblem): PlacedProblem {
    let node: unknown = this.#document.contents;
    let offset = startOf(node) ?? 0;
    for (const [index, step] of path.entries()) {
      // The schema takes some values as if they were written in brackets: there is nothing further down in the file.
      if (!isMap(node) && !isSeq(node)) return this.#place(path.slice(0, index), { offset, message });
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
      const next = isSeq(node) ? node.items[step as number] : pair?.value;
      const isKeyMeant = atKey && index === path.length - 1;
      offset = (isKeyMeant ? undefined : startOf(next)) ?? startOf(pair?.key) ?? offset;
      if (next === undefined || next === null) break;
      node = isAlias(next) ? next.resolve(this.#document) : next;
    }
    return this.#place(path, { offset, message });
  }

  #place(path: ConfigPath, { offset, message }: Fault): PlacedProblem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), path, message };
  }

  #failOn(faults: readonly Fault[]): void {
    if (faults.length === 0) return;
    throw configError(
      this.fileName,
      faults.map((fault) => this.#place([], fault)),
    );
  }

  /** What the library throws, such as a stack that nesting has made too deep, is an error of the file as well. */
  #orFault<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw configError(this.fileName, [this.#place([], { offset: 0, message: `it cannot be read: ${reason}` })]);
    }
  }
}

function yamlFault({ pos, message }: { readonly pos: readonly [number, number]; readonly message: string }): Fault {
  return { offset: pos[0], message: message.replace(/;? please use YAML\.parseAllDocuments\(\)/, "") };
}

/** Offset of a node in the text; undefined for what is not written there. */
function startOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly number[] | null } | null | undefined)?.range?.[0];
}

function structureFaults(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = [];
  let aliases = 0;
  visit(document, {
    Alias(_, alias) {
      const offset = startOf(alias) ?? 0;
      if (alias.resolve(document) === undefined)
        faults.push({ offset, message: `no anchor &${alias.source} before it` });
      if (++aliases <= MAX_ALIASES) return undefined;
      faults.push({ offset, message: `more aliases than ${MAX_ALIASES}` });
      // To resolve each of many would take the square of their number.
      return visit.BREAK;
    },
    Map(_, map) {
      faults.push(...keyFaults(map));
    },
  });
  return faults;
}

function keyFaults(map: YAMLMap): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    const name = isScalar(key) ? key.value : key;
    const offset = startOf(key) ?? startOf(map) ?? 0;
    if (seen.has(name)) faults.push({ offset, message: `the key ${quote(String(name))} is here a second time` });
    // It would name the prototype of the object that the mapping becomes.
    if (name === "__proto__") faults.push({ offset, message: "a key cannot be __proto__" });
    seen.add(name);
  }
  return faults;
}
