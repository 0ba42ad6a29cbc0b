import { chmodSync, chownSync, mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { findSockets, socketDirectory } from "../api/socket-directory.ts";
import { ConfigError } from "../base/errors.ts";
import { bindSocket } from "../transport/bind-socket.ts";
import { removeStaleSocket } from "../transport/stale-socket.ts";

/** Mode 0600: who connects is root or the owner. */
export const PRIVATE_UMASK = 0o177;

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
  // Whatever our umask is.
  if (mkdirSync(directory, { recursive: true }) !== undefined) chmodSync(directory, 0o755);
  const taken = await removeStaleSockets(directory);
  const [first] = names;
  const path = names.map((name) => join(directory, name)).find((one) => !taken.has(one)) ?? join(directory, first);
  await bindSocket(server, { kind: "unix", path }, PRIVATE_UMASK);
  if (owner !== undefined) chownSync(path, owner, -1);
  return path;
}

/** Returns the paths of those that are in use. */
async function removeStaleSockets(directory: string): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const { path } of findSockets(directory)) {
    try {
      await removeStaleSocket(path);
    } catch (error) {
      if (error instanceof ConfigError) taken.add(path);
      else if (!(error instanceof Error)) throw error;
    }
  }
  return taken;
}
