import { chownSync, lchownSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../base/errors.ts";

export const DEFAULT_STATE_DIRECTORY = "/var/lib/vpn-ws";

/** Everybody but the owner. */
const OTHERS = 0o077;

/** The directory with what the program keeps from start to start: tokens, its own key. Nobody but its owner may look in. */
export class StateDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes it, with mode 0700, if it is not there. ConfigError if it cannot be made, or is not ours alone. */
  static open(path: string): StateDirectory {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new ConfigError("STATE_DIR_FAILED", `cannot make the state directory ${path}: ${codeOf(cause)}.`, {
        cause,
        hint: "Start as root, or name a directory that you may make with --state-dir.",
      });
    }
    check(path, statOf(path));
    return new StateDirectory(path);
  }

  /** As `open`, but undefined if it is not there. */
  static find(path: string): StateDirectory | undefined {
    const stats = statOf(path);
    if (stats === undefined) return undefined;
    check(path, stats);
    return new StateDirectory(path);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /**
   * ConfigError if it is another user's. For a server that keeps its user: root goes on without the right to look into what
   * is not root's, and would find out when the first token is shown.
   */
  checkOwner(): void {
    const uid = statOf(this.path)?.uid;
    if (uid === process.geteuid?.()) return;
    throw new ConfigError("STATE_DIR_FOREIGN", `${this.path} belongs to another user (uid ${uid}).`, {
      hint: `Start with the --uid that it was used with, or, if no server uses it as that user any more: chown -R root ${this.path}`,
    });
  }

  /**
   * Hands it to a user, so that a server can work on after it gave up root. Root's own files in it go along; links do
   * not, since whoever owned the directory may have put them there.
   */
  giveTo(uid: number, gid: number): void {
    chownSync(this.path, uid, gid);
    for (const name of readdirSync(this.path)) {
      const path = this.file(name);
      const stats = lstatSync(path);
      if (stats.isFile() && stats.nlink === 1 && stats.uid === 0) lchownSync(path, uid, gid);
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new ConfigError("STATE_DIR_FAILED", `cannot look at the state directory ${path}: ${codeOf(cause)}.`, {
      cause,
    });
  }
}

function check(path: string, stats: Stats | undefined): void {
  if (stats?.isDirectory() !== true) throw new ConfigError("STATE_DIR_FAILED", `${path} is no directory.`);
  const { mode, uid } = stats;
  if ((mode & OTHERS) !== 0) {
    const octal = (mode & 0o7777).toString(8).padStart(4, "0");
    throw new ConfigError("STATE_DIR_OPEN", `${path} holds secrets, but others may enter it (mode ${octal}).`, {
      hint: `If its content can be trusted still: chmod 700 ${path}`,
    });
  }
  const self = process.geteuid?.();
  if (self !== 0 && uid !== self) {
    throw new ConfigError("STATE_DIR_FOREIGN", `${path} belongs to another user (uid ${uid}).`, {
      hint: "Run this as that user or as root, or name another directory with --state-dir.",
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
