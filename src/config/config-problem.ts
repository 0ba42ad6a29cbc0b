import { ConfigError } from "../base/errors.ts";
import { printable } from "../wire/printable.ts";

/** What leads from the top of a file to a value in it: keys and list indices. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong in a file. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  readonly message: string;
  /** True if the key is wrong, not the value behind it. */
  readonly atKey: boolean;
}

/** A problem and where it is; both numbers count from 1. */
export interface PlacedProblem {
  readonly line: number;
  readonly column: number;
  readonly path: ConfigPath;
  readonly message: string;
}

/** More would scroll the first ones away, and are often their consequence. */
const MAX_SHOWN = 20;

/** One error with a line for each problem, in the order of the file: `server.yaml:12:7: users.alice.up: …`. */
export function configError(fileName: string, problems: readonly PlacedProblem[]): ConfigError {
  const sorted = [...problems].sort((one, other) => one.line - other.line || one.column - other.column);
  const lines = sorted.slice(0, MAX_SHOWN).map((problem) => formatProblem(fileName, problem));
  if (sorted.length > MAX_SHOWN) lines.push(`${fileName}: and ${sorted.length - MAX_SHOWN} more`);
  return new ConfigError("CONFIG_FILE_INVALID", lines.join("\n"));
}

function formatProblem(fileName: string, { line, column, path, message }: PlacedProblem): string {
  const where = path.length === 0 ? "" : `${formatPath(path)}: `;
  return `${fileName}:${line}:${column}: ${where}${message}`;
}

/** `groups.staff.acl[2].protocol`; a key that would not read well is quoted. */
function formatPath(path: ConfigPath): string {
  const parts = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[\w@-]+$/.test(step) ? `.${step}` : `.${quote(step)}`;
  });
  return parts.join("").replace(/^\./, "");
}

/** A value from the file, short and printable. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${printable(text, 60)}…` : printable(text));
}
