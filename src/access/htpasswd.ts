/** htpasswd files: one `user:hash` a line, as Apache's htpasswd writes them and nginx reads them. */
import { ConfigError } from "../base/errors.ts";
import { passwordHashFault } from "./password-hash.ts";
import { isUserName } from "./user-name.ts";

/** The hash of each user. */
export type HtpasswdUsers = ReadonlyMap<string, string>;

/** Far above any real file; bounds what is kept, and the work of a reload. */
const MAX_LINES = 100_000;

/**
 * Parses a file's text. Blank lines and those that begin with # are skipped; what stands behind a second colon is a
 * comment (as for nginx). Throws a ConfigError that names the line by its number, never by its content.
 */
export function parseHtpasswd(text: string, path: string): HtpasswdUsers {
  const lines = text.split(/\r?\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw fault(`${path} has more than ${MAX_LINES} lines.`);
  const users = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line);
    if (entry === undefined) continue;
    const problem = typeof entry === "string" ? entry : entryFault(entry, users);
    if (problem !== undefined) throw fault(`${path}, line ${index + 1}: ${problem}.`);
    if (typeof entry !== "string") users.set(entry.user, entry.hash);
  }
  return users;
}

/** The text with this user's hash in place of the old one, or at the end; every other line stays as it is. */
export function setHtpasswdUser(text: string, user: string, hash: string): string {
  const entry = `${user}:${hash}`;
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`${user}:`));
  if (at >= 0) return lines.with(at, entry).join("\n");
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${gap}${entry}\n`;
}

interface Entry {
  readonly user: string;
  readonly hash: string;
}

/** Undefined for a line that says nothing, a text for one that says nonsense. */
function parseLine(line: string): Entry | string | undefined {
  if (line.trim() === "" || line.startsWith("#")) return undefined;
  const [user = "", hash] = line.split(":", 2);
  if (hash === undefined) return "there is no colon between user and hash";
  return { user, hash: hash.trimEnd() };
}

function entryFault({ user, hash }: Entry, users: HtpasswdUsers): string | undefined {
  if (!isUserName(user)) return "the user's name is empty, too long, reserved or not printable";
  if (users.has(user)) return "this user stands in the file already";
  return passwordHashFault(hash);
}

function fault(message: string): ConfigError {
  return new ConfigError("HTPASSWD_INVALID", message, {
    hint: "Set a password with: vpn-ws passwd FILE USER (or: htpasswd -B FILE USER).",
  });
}
