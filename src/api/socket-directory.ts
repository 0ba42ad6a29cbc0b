import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Where servers and clients of this machine have the sockets that they are looked at by. Root's, and everybody may list it. */
const DEFAULT_DIRECTORY = "/run/vpn-ws";

/** A socket that `vpn-ws status` and the others find by its name. */
export interface LocalSocket {
  readonly kind: "server" | "client";
  readonly path: string;
}

/** Of this process: systemd's `RuntimeDirectory=`, which may be below the usual one, or the usual one. */
export function socketDirectory({ RUNTIME_DIRECTORY }: NodeJS.ProcessEnv = process.env): string {
  const [given = ""] = (RUNTIME_DIRECTORY ?? "").split(":");
  return given === "" ? DEFAULT_DIRECTORY : given;
}

/** File name of a server's socket: there may be several on one machine, in namespaces. */
export function serverSocketName(processId: number): string {
  return `server-${processId}.sock`;
}

/** File name of a client's socket: TAP names are unique on a machine without namespaces. */
export function clientSocketName(tap: string): string {
  return `client-${tap}.sock`;
}

/** Those in the directory and one below it, by name; somebody may be behind them, or nobody any more. */
export function findSockets(directory: string): readonly LocalSocket[] {
  return [directory, ...entriesOf(directory, "folder")].flatMap((folder) =>
    entriesOf(folder, "socket").flatMap((path) => {
      const [, kind] = /\/(server|client)-[^/]*\.sock$/.exec(path) ?? [];
      return kind === undefined ? [] : [{ kind: kind as LocalSocket["kind"], path }];
    }),
  );
}

/** Sorted paths; none if the folder is not there, or not ours to see. */
function entriesOf(folder: string, what: "folder" | "socket"): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => (what === "socket" ? entry.isSocket() : entry.isDirectory() || entry.isSymbolicLink()))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}
