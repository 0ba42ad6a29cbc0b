import { readFileSync } from "node:fs";
import { ConfigError } from "../base/errors.ts";

/** A user or group name, or a number. */
export interface PrivilegeOptions {
  readonly uid: string | undefined;
  readonly gid: string | undefined;
}

/**
 * Gives up root for good: supplementary groups first, then the group, then the user, and then checks that the way
 * back is closed. With a user and no group, the user's own group is taken (the original would keep root's).
 */
export function dropPrivileges({ uid, gid }: PrivilegeOptions): void {
  if (uid === undefined && gid === undefined) return;
  const { setgroups, setgid, setuid, getuid } = process;
  if (setgroups === undefined || setgid === undefined || setuid === undefined) {
    throw new ConfigError("PRIVILEGES_UNSUPPORTED", "--uid and --gid do not work on this system.");
  }
  const user = uid === undefined ? undefined : findUser(uid);
  const group = gid === undefined ? user?.gid : findGroup(gid);
  if (group === undefined) {
    throw new ConfigError("GROUP_MISSING", `user ${uid} has no group in /etc/passwd: give --gid as well.`);
  }
  refuseRoot(user?.uid, group);
  try {
    setgroups([]);
    setgid(group);
    if (user !== undefined) setuid(user.uid);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "PRIVILEGES_REFUSED",
      `cannot change to --uid ${uid ?? "-"} --gid ${gid ?? "-"}: ${reason}.`,
      {
        cause,
        hint: "Only root may: start as root, or leave --uid and --gid away.",
      },
    );
  }
  if (user !== undefined && getuid?.() === 0) {
    throw new ConfigError("PRIVILEGES_REFUSED", "the kernel let us keep root although --uid was given.");
  }
}

function refuseRoot(uid: number | undefined, gid: number): void {
  if (uid === 0) throw new ConfigError("PRIVILEGES_ROOT", "--uid is root: that drops nothing.");
  if (gid === 0) throw new ConfigError("PRIVILEGES_ROOT", "--gid is root's group: that drops nothing.");
}

function findUser(name: string): { readonly uid: number; readonly gid: number | undefined } {
  const entry = findEntry("/etc/passwd", name);
  if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  if (/^\d+$/.test(name)) return { uid: Number(name), gid: undefined };
  throw new ConfigError("USER_UNKNOWN", `there is no user "${name}", given with --uid.`);
}

function findGroup(name: string): number {
  const entry = findEntry("/etc/group", name);
  if (entry !== undefined) return Number(entry[2]);
  if (/^\d+$/.test(name)) return Number(name);
  throw new ConfigError("GROUP_UNKNOWN", `there is no group "${name}", given with --gid.`);
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
