import { lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { ConfigError } from "../base/errors.ts";

/**
 * Makes room for a unix socket. A socket file that a dead server left behind goes; whatever else is at that path is
 * somebody's, and a ConfigError says so. Rejects with the system's error if the path cannot be looked at.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new ConfigError("LISTEN_PATH_TAKEN", `cannot listen on unix:${path}: a file that is no socket is there.`, {
      hint: "Give another path, or remove the file yourself.",
    });
  }
  const failure = await connectFailure(path);
  if (failure === undefined) throw listenFailed(path, "another program listens there.");
  // The only answer that proves that nobody listens: a server with a full backlog gives EAGAIN, another user's EACCES.
  if (failure.code === "ECONNREFUSED") rmSync(path, { force: true });
  else if (failure.code !== "ENOENT")
    throw listenFailed(path, `a socket is there that may be in use (${failure.code}).`);
}

function listenFailed(path: string, what: string): ConfigError {
  const hint = "Stop it, or give another path.";
  return new ConfigError("LISTEN_FAILED", `cannot listen on unix:${path}: ${what}`, { hint });
}

/** Why nobody answers at the socket; undefined if somebody does. */
export function connectFailure(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.once("error", resolve);
  });
}
