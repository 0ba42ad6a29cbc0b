/**
 * A real haproxy in a namespace, in front of our server as a user would put it there: by files of contrib/haproxy/, word
 * for word, except for ports and paths that are replaced by those of the lab.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "./child.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { findProgram } from "./programs.ts";
import { temporaryDirectory } from "./temporary.ts";

const SNIPPETS = new URL("../contrib/haproxy/", import.meta.url);

export interface HaproxySnippet {
  /** A file of contrib/haproxy/, without its ending. */
  readonly name: "http" | "tcp";
  /** What stands in it, and what shall stand there instead. */
  readonly replace?: Readonly<Record<string, string>>;
}

/** Starts haproxy with the snippets and waits until it listens on the port; it ends with the lab. */
export async function startHaproxy(
  lab: Lab,
  namespace: Namespace,
  snippets: readonly HaproxySnippet[],
  port: number,
): Promise<Child> {
  const directory = temporaryDirectory(lab, "haproxy");
  const files = snippets.map((snippet) => {
    const file = join(directory, `${snippet.name}.cfg`);
    writeFileSync(file, withReplaced(snippet));
    return ["-f", file];
  });
  const child = namespace.start([findProgram("haproxy") ?? "haproxy", "-db", ...files.flat()]);
  await namespace.waitForTcpPort(port, { evidence: () => child.describe() });
  return child;
}

function withReplaced({ name, replace = {} }: HaproxySnippet): string {
  let text = readFileSync(new URL(`${name}.cfg`, SNIPPETS), "utf8");
  for (const [documented, actual] of Object.entries(replace)) {
    if (!text.includes(documented)) throw new Error(`the snippet no longer names ${documented}`);
    text = text.replaceAll(documented, actual);
  }
  return text;
}
