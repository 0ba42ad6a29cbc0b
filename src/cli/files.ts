import { readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ConfigError } from "../base/errors.ts";

/** What we write may hold what people say to each other. */
const PRIVATE_MODE = 0o600;

/** A file that a flag names; a ConfigError says which flag, which file and why not. */
export function readFlagFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigError("FILE_UNREADABLE", `cannot read ${path}, given with ${flag}: ${whyNot(cause)}.`, { cause });
  }
}

/** Opens a file that a flag names, for writing; what was in it is gone, and a new one is its owner's alone. A ConfigError as above. */
export async function openFlagFile(flag: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, "w", PRIVATE_MODE);
  } catch (cause) {
    throw new ConfigError("FILE_UNWRITABLE", `cannot write ${path}, given with ${flag}: ${whyNot(cause)}.`, { cause });
  }
}

/** The system's words, without its error code and what it tried. */
function whyNot(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/^\w+: /, "").replace(/, open .*$/, "") : String(cause);
}
