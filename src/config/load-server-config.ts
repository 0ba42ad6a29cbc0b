import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { ConfigError } from "../base/errors.ts";
import { configError } from "./config-problem.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { issueProblem, sayIssue } from "./schema-issue.ts";
import type { ServerConfig } from "./server-config.ts";
import { serverSchema } from "./server-schema.ts";
import { YamlText } from "./yaml-text.ts";

/** Room for ten thousand users with rules of their own; reading it takes time in which nothing else is done. */
const MAX_FILE_BYTES = 1_048_576;

/** Reads the configuration file. A ConfigError says why it cannot be read, or has a line for each thing wrong in it. */
export function loadServerConfig(path: string): ServerConfig {
  return parseServerConfig(readBounded(path), path);
}

/** The configuration in a text. `fileName` is for messages, and relative paths in the text start at its folder. */
export function parseServerConfig(text: string, fileName: string): ServerConfig {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw tooLarge(fileName);
  const yaml = new YamlText(text, basename(fileName));
  const schema = serverSchema(dirname(resolve(fileName)), networkNamesIn(yaml.value));
  const result = schema.safeParse(yaml.value, { error: sayIssue });
  if (result.success) return deepFreeze(result.data);
  throw configError(
    yaml.fileName,
    result.error.issues.map((issue) => yaml.place(issueProblem(issue))),
  );
}

/** Rules name networks, and are checked against those that there are, right or wrong in themselves. */
function networkNamesIn(value: unknown): readonly string[] {
  const networks = (value as { readonly networks?: unknown } | null)?.networks;
  return typeof networks === "object" && networks !== null && !Array.isArray(networks) ? Object.keys(networks) : [];
}

function readBounded(path: string): string {
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
