/** The sources as text, and what they import: what the architecture test judges. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface SourceFile {
  /** From the project's root, with slashes: `src/wire/mac.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

export interface SourceImport {
  /** As it is written. */
  readonly specifier: string;
  /** A path from the project's root for one of our files, otherwise the package or node builtin. */
  readonly target: string;
  readonly isOurs: boolean;
}

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`, over lines. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|(?:^|\n)\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/g;

export function importsOf(path: string, text: string): SourceImport[] {
  return [...text.matchAll(IMPORT)].map(([, from, bare, dynamic]) => {
    const specifier = (from ?? bare ?? dynamic) as string;
    const isOurs = specifier.startsWith(".");
    const target = isOurs ? posix.join(posix.dirname(path), specifier) : packageOf(specifier);
    return { specifier, target, isOurs };
  });
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Every TypeScript file below a folder of the project. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .sort()
    .map((name) => {
      const path = posix.join(folder, name.replaceAll("\\", "/"));
      const text = readFileSync(join(PROJECT_ROOT, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
}

/** The files of the first import cycle found, the first one repeated at the end; undefined if there is none. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    done.add(path);
    for (const { target, isOurs } of byPath.get(path)?.imports ?? []) {
      const cycle = isOurs ? visit(target, [...trail, path]) : undefined;
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
