import { chmodSync, lchownSync, lstatSync, mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { findSockets, socketDirectory } from "../api/socket-directory.ts";
import { bindSocket } from "../transport/bind-socket.ts";
import { removeStaleSocket } from "../transport/stale-socket.ts";

/** Mode 0600: who connects is root or the owner. */
export const PRIVATE_UMASK = 0o177;

/** A socket that is younger may belong to a program that has bound it and does not listen yet. */
const SETTLED_MS = 5_000;
/** Each is asked whether somebody is there. On a machine with more, somebody else starts soon. */
const MAX_SWEPT = 64;

export interface LocalSocketOptions {
  /** File names, of which the first is taken that nobody listens at. */
  readonly names: readonly [string, ...string[]];
  /** User id of who it shall belong to, if not to us. */
  readonly owner?: number | undefined;
}

/**
 * Has the server listen at a socket of this machine's socket directory, which is made if it is not there; what dead
 * processes left in it goes. Returns the path. Throws a ConfigError, or the system's error, if there can be none.
 */
export async function bindLocalSocket(server: Server, { names, owner }: LocalSocketOptions): Promise<string> {
  const directory = socketDirectory();
  // Whatever our umask is, and at no time writable for others.
  if (mkdirSync(directory, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(directory, 0o755);
  await sweep(directory);
  const path = await bindFirst(
    server,
    names.map((name) => join(directory, name)),
  );
  if (owner !== undefined) lchownSync(path, owner, -1);
  return path;
}

async function bindFirst(server: Server, paths: readonly string[]): Promise<string> {
  let failure: unknown;
  for (const path of paths) {
    try {
      await bindSocket(server, { kind: "unix", path }, PRIVATE_UMASK);
      return path;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Removes sockets that nobody listens at. That some cannot be removed is no harm. */
async function sweep(directory: string): Promise<void> {
  for (const { path } of findSockets(directory).slice(0, MAX_SWEPT)) {
    try {
      if (Date.now() - lstatSync(path).mtimeMs > SETTLED_MS) await removeStaleSocket(path);
    } catch (error) {
      // It is in use, not ours, or gone by itself.
      if (!(error instanceof Error)) throw error;
    }
  }
}
