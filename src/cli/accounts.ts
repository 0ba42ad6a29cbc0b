import { readFileSync } from "node:fs";
import { ConfigError } from "../base/errors.ts";

/** A user of this system; the group is undefined for a number that /etc/passwd does not know. */
export interface Account {
  readonly uid: number;
  readonly gid: number | undefined;
}

/** Finds a user by name, or else by number. `flag` is where it was given, for the ConfigError `USER_UNKNOWN`. */
export function findUser(name: string, flag: string): Account {
  const entry = findEntry("/etc/passwd", name);
  if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  if (/^\d+$/.test(name)) return { uid: Number(name), gid: undefined };
  throw new ConfigError("USER_UNKNOWN", `there is no user "${name}", given with ${flag}.`);
}

/** Finds a group's id by its name, or else by its number. ConfigError `GROUP_UNKNOWN` if there is none. */
export function findGroup(name: string, flag: string): number {
  const entry = findEntry("/etc/group", name);
  if (entry !== undefined) return Number(entry[2]);
  if (/^\d+$/.test(name)) return Number(name);
  throw new ConfigError("GROUP_UNKNOWN", `there is no group "${name}", given with ${flag}.`);
}

/** The fields of the line whose name, or else whose number, is `key`. */
function findEntry(file: string, key: string): readonly string[] | undefined {
  const entries = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    // The empty line behind the last is nobody's.
    .filter((fields) => fields.length > 2);
  return entries.find(([name]) => name === key) ?? entries.find(([, , id]) => id === key);
}
