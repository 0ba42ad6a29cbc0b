import { readFileSync } from "node:fs";
import { ConfigError } from "../base/errors.ts";

/** A file that a flag names; a ConfigError says which flag, which file and why not. */
export function readFlagFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason =
      cause instanceof Error ? cause.message.replace(/^\w+: /, "").replace(/, open .*$/, "") : String(cause);
    throw new ConfigError("FILE_UNREADABLE", `cannot read ${path}, given with ${flag}: ${reason}.`, { cause });
  }
}
