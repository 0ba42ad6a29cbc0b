/**
 * A real nginx in a namespace, in front of our server as a user would put it there: the location is a file of
 * contrib/nginx/, word for word, except for paths that only root of a real machine has (the unix socket, certificates),
 * which are replaced by those of the lab. Everything nginx writes lies in a temporary directory.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import type { Child } from "./child.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { findProgram } from "./programs.ts";
import { temporaryDirectory } from "./temporary.ts";

const SNIPPETS = new URL("../contrib/nginx/", import.meta.url);

/** Where uwsgi-tcp.conf and proxy.conf expect our server. */
export const UPSTREAM_PORT = 8080;

/** The files of contrib/nginx/ that are a location /vpn. */
export type NginxLocation = "uwsgi-unix" | "uwsgi-tcp" | "proxy";

export interface NginxOptions {
  readonly location: NginxLocation;
  /** Socket of our server; needed for `uwsgi-unix`. */
  readonly unixSocket?: string;
  /** Serve https on port 443 by tls.conf with this certificate; otherwise http on port 80. */
  readonly tls?: KeyPair;
  /** Asks clients for a certificate of this CA (PEM file). */
  readonly clientAuthority?: string;
  /** More lines for the server { } block, e.g. `auth_basic`. */
  readonly serverLines?: readonly string[];
}

export interface Nginx {
  readonly child: Child;
  readonly port: number;
  /** Process id of the one worker, which carries the traffic. */
  workerPid(): number;
  /** What the error log holds by now. */
  errorLog(): string;
}

/** Starts nginx and waits until it listens; it ends with the lab. */
export async function startNginx(lab: Lab, namespace: Namespace, options: NginxOptions): Promise<Nginx> {
  const directory = temporaryDirectory(lab, "nginx");
  mkdirSync(join(directory, "temp"));
  writeFileSync(join(directory, "server.conf"), serverBlock(options));
  writeFileSync(join(directory, "uwsgi_params"), readFileSync("/etc/nginx/uwsgi_params"));
  writeFileSync(join(directory, "nginx.conf"), mainConfiguration(directory));
  const program = findProgram("nginx") ?? "nginx";
  const errorFile = join(directory, "error.log");
  const command = [program, "-p", directory, "-e", errorFile, "-c", join(directory, "nginx.conf")];
  const child = namespace.start([...command, "-g", "daemon off;"]);
  const errorLog = (): string => readFileSync(errorFile, "utf8");
  const port = options.tls === undefined ? 80 : 443;
  await Promise.race([namespace.waitForTcpPort(port, { evidence: () => child.describe() }), failIfEnded(child)]);
  const workerPid = (): number => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  return { child, port, workerPid, errorLog };
}

async function failIfEnded(child: Child): Promise<void> {
  await child.ended;
  throw new Error(`nginx ended: ${child.describe()}`);
}

function mainConfiguration(directory: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
events { worker_connections 1024; }
http {
  access_log ${directory}/access.log;
${temporary.map((name) => `  ${name}_temp_path ${directory}/temp/${name};`).join("\n")}
  server { include ${directory}/server.conf; }
}
`;
}

function serverBlock(options: NginxOptions): string {
  const { tls, clientAuthority } = options;
  const lines = tls === undefined ? "listen 80; listen [::]:80;" : withPaths(readSnippet("tls"), tlsPaths(tls));
  const verify =
    clientAuthority === undefined ? "" : `ssl_client_certificate ${clientAuthority}; ssl_verify_client on;`;
  const location = withPaths(readSnippet(options.location), locationPaths(options));
  return [lines, verify, ...(options.serverLines ?? []), location].join("\n");
}

function locationPaths({ location, unixSocket }: NginxOptions): Readonly<Record<string, string>> {
  if (location !== "uwsgi-unix") return {};
  if (unixSocket === undefined) throw new Error("uwsgi-unix needs the path of our server's socket");
  return { "/run/vpn-ws.sock": unixSocket };
}

function tlsPaths(tls: KeyPair): Readonly<Record<string, string>> {
  return { "/etc/ssl/vpn-ws/server.crt": tls.certificate, "/etc/ssl/vpn-ws/server.key": tls.key };
}

function readSnippet(name: string): string {
  return readFileSync(new URL(`${name}.conf`, SNIPPETS), "utf8");
}

function withPaths(snippet: string, paths: Readonly<Record<string, string>>): string {
  let text = snippet;
  for (const [documented, actual] of Object.entries(paths)) {
    if (!text.includes(documented)) throw new Error(`the snippet no longer names ${documented}`);
    text = text.replaceAll(documented, actual);
  }
  return text;
}
