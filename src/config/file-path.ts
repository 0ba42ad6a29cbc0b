import { resolve } from "node:path";
import type { z } from "zod";
import { word } from "./schema-fields.ts";

/** PATH_MAX of Linux is 4096 with the final zero. */
const MAX_PATH_BYTES = 4_095;

/** A path to a file, absolute in the result; a relative one is meant from `folder`, that of the configuration file. */
export function filePath(folder: string): z.ZodType<string> {
  return word("path of a file", (text) => {
    const path = resolve(folder, text);
    return text === "" || /\p{Cc}/u.test(text) || Buffer.byteLength(path) > MAX_PATH_BYTES ? undefined : path;
  });
}
