import type { Server } from "node:net";
import { ConfigError } from "../base/errors.ts";
import { formatListenAddress, type ListenAddress } from "./listen-address.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/**
 * Connections that the kernel holds for us until we accept them; net.core.somaxconn may make it less. With Node's 511 a
 * server's clients that come back all at once wait a second for their second SYN.
 */
const BACKLOG = 4_096;

/** Takes the address for the server; a unix socket gets the umask's mode. A ConfigError says why it cannot be had. */
export async function bindSocket(server: Server, address: ListenAddress, umask = SOCKET_UMASK): Promise<void> {
  await makeRoom(address);
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(address, error));
    server.once("error", onError).once("listening", () => {
      server.off("error", onError);
      resolve();
    });
    const place = address.kind === "unix" ? { path: address.path } : { port: address.port, ...hostOf(address.host) };
    const listen = (): void => void server.listen({ ...place, backlog: BACKLOG });
    if (address.kind === "unix") withUmask(umask, listen);
    else listen();
  });
}

/** An empty host is every address of this machine. */
function hostOf(host: string): { readonly host?: string } {
  return host === "" ? {} : { host };
}

async function makeRoom(address: ListenAddress): Promise<void> {
  if (address.kind !== "unix") return;
  try {
    await removeStaleSocket(address.path);
  } catch (error) {
    throw error instanceof ConfigError || !(error instanceof Error) ? error : listenError(address, error);
  }
}

/** Mode 0666, as in the original: the web server, another user, must be able to connect. */
const SOCKET_UMASK = 0o111;

/** For a call that makes a file before it returns; a chmod afterwards could meet a file that was put in its place. */
function withUmask(umask: number, call: () => void): void {
  const before = process.umask(umask);
  try {
    call();
  } finally {
    process.umask(before);
  }
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there: stop it, or choose another port.",
  EACCES: "Ports below 1024 need more rights: run as root, or choose another port.",
  EADDRNOTAVAIL: "No interface of this machine has that address.",
  ENOTFOUND: "The name has no address: give an IP address.",
};
/** libuv says EACCES of a folder that is missing as well. */
const UNIX_ACCESS_HINT = "The folder of the socket must exist, and we must be allowed to write in it.";

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): ConfigError {
  const isUnixAccess = address.kind === "unix" && error.code === "EACCES";
  const hint = isUnixAccess ? UNIX_ACCESS_HINT : LISTEN_HINTS[error.code ?? ""];
  const message = `cannot listen on ${formatListenAddress(address)}: ${error.message}`;
  return new ConfigError("LISTEN_FAILED", message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
