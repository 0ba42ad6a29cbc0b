/** A configuration file's text, bounded, and what a schema makes of it: the same for a server's and a client's. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import { configError } from "./config-problem.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { issueProblem, sayIssue } from "./schema-issue.ts";
import { YamlText } from "./yaml-text.ts";

/** Room for ten thousand users with rules of their own; reading it takes time in which nothing else is done. */
const MAX_FILE_BYTES = 1_048_576;

/** Makes the schema for a file in `folder`; it may look at the value that it will check. */
export type SchemaFor<Config> = (folder: string, value: unknown) => z.ZodType<Config>;

/**
 * The configuration in a text, frozen. `fileName` is for messages, and relative paths in the text start at its folder.
 * Throws a ConfigError with a line for each thing that is wrong.
 */
export function parseConfigText<Config>(text: string, fileName: string, schemaFor: SchemaFor<Config>): Config {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw tooLarge(fileName);
  const yaml = new YamlText(text, basename(fileName));
  const result = schemaFor(dirname(resolve(fileName)), yaml.value).safeParse(yaml.value, { error: sayIssue });
  if (result.success) return deepFreeze(result.data);
  throw configError(
    yaml.fileName,
    result.error.issues.map((issue) => yaml.place(issueProblem(issue))),
  );
}

/** Reads the file as UTF-8. A ConfigError says why it cannot be read. */
export function readConfigFile(path: string): string {
  const bytes = readFile(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const before = new TextDecoder().decode(bytes).split("\ufffd", 1).join("").split("\n");
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, path: [] };
    throw new ConfigError(
      "CONFIG_FILE_INVALID",
      configError(basename(path), [{ ...place, message: "is no UTF-8" }]).message,
      { cause },
    );
  }
}

/** A file that grows while it is read, or a device that never ends, is not waited for. */
function readFile(path: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    if (!fstatSync(descriptor).isFile()) throw new Error("it is no regular file");
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > MAX_FILE_BYTES) throw tooLarge(path);
    return bytes.subarray(0, length);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw unreadable(path, cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function tooLarge(path: string): ConfigError {
  return new ConfigError("CONFIG_FILE_TOO_LARGE", `cannot use ${path}: it has more than ${MAX_FILE_BYTES} bytes.`, {
    hint: "Let a token or an identity provider say who is in which group, instead of listing users.",
  });
}

function unreadable(path: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message.replace(/, \w+ '.*$/, "") : String(cause);
  return new ConfigError("CONFIG_FILE_UNREADABLE", `cannot read the configuration file ${path}: ${reason}.`, { cause });
}
