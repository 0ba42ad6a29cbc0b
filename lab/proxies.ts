/** Real proxies in a namespace, each with a configuration of its own in a temporary directory; they end with the lab. */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import { type Child, run } from "./child.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { findProgram } from "./programs.ts";
import { temporaryDirectory } from "./temporary.ts";

export interface ProxyUser {
  readonly user: string;
  readonly password: string;
}

/** Squid's ports in the lab, by what is asked of clients there. */
export const SQUID_PORTS = { open: 3127, login: 3128, tls: 3129 } as const;

export interface SquidOptions extends ProxyUser {
  /** What is offered on the port `login`. */
  readonly schemes: readonly ("basic" | "digest" | "ntlm")[];
  /** First port is `open` plus this: several may run side by side. */
  readonly portOffset?: number;
  /** For the port `tls`, which asks for no login; without it there is no such port. */
  readonly certificate?: KeyPair;
  /** Lines of a hosts file that only squid knows. */
  readonly hosts?: string;
}

const HELPERS = "/usr/lib/squid";

/** Squid as Debian configures it, CONNECT to port 443 only, and a login on one of its ports. */
export async function startSquid(lab: Lab, namespace: Namespace, options: SquidOptions): Promise<Child> {
  const directory = temporaryDirectory(lab, "squid");
  // Squid becomes the user "proxy".
  chmodSync(directory, 0o777);
  const { user, password, hosts = "" } = options;
  writeFileSync(join(directory, "digest"), `${user}:${password}\n`);
  const hash = (await run(["openssl", "passwd", "-apr1", password])).stdout.trim();
  writeFileSync(join(directory, "basic"), `${user}:${hash}\n`);
  writeFileSync(join(directory, "hosts"), hosts);
  const file = join(directory, "squid.conf");
  writeFileSync(file, squidConfiguration(directory, options));
  const child = namespace.start([findProgram("squid") ?? "squid", "-N", "-f", file]);
  const port = SQUID_PORTS.login + (options.portOffset ?? 0);
  await child.waitUntil("squid", async () => (await listens(namespace, port)) || undefined);
  return child;
}

function squidConfiguration(directory: string, { schemes, portOffset = 0, certificate }: SquidOptions): string {
  const [open, login, tls] = Object.values(SQUID_PORTS).map((port) => port + portOffset);
  const programs = {
    digest: [`digest program ${HELPERS}/digest_file_auth ${directory}/digest`, "digest realm lab"],
    basic: [`basic program ${HELPERS}/basic_ncsa_auth ${directory}/basic`, "basic realm lab"],
    ntlm: [`ntlm program ${HELPERS}/ntlm_fake_auth`],
  };
  return `
http_port ${open}
http_port ${login}
${certificate === undefined ? "" : `https_port ${tls} tls-cert=${certificate.certificate} tls-key=${certificate.key}`}
${schemes.flatMap((scheme) => programs[scheme].map((line) => `auth_param ${line}`)).join("\n")}
acl SSL_ports port 443
acl asks localport ${login}
acl known proxy_auth REQUIRED
http_access deny CONNECT !SSL_ports
http_access deny asks !known
http_access allow all
hosts_file ${directory}/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 seconds
visible_hostname squid.lab
cache deny all
pid_filename none
cache_log ${directory}/cache.log
access_log stdio:${directory}/access.log
coredump_dir ${directory}
shutdown_lifetime 0 seconds
connect_timeout 3 seconds
`;
}

/** microsocks: SOCKS 5, with a login if a user is given. */
export async function startMicrosocks(namespace: Namespace, port: number, login?: ProxyUser): Promise<Child> {
  const flags = login === undefined ? [] : ["-u", login.user, "-P", login.password];
  const child = namespace.start(["microsocks", "-i", "0.0.0.0", "-p", String(port), ...flags]);
  await child.waitUntil("microsocks", async () => (await listens(namespace, port)) || undefined);
  return child;
}

export interface DanteOptions {
  readonly port: number;
  /** The device towards the servers. */
  readonly external: string;
  /** Everybody must log in as this user of the system, who is one in this namespace only. */
  readonly login?: ProxyUser;
  /** Destinations that the rules forbid. */
  readonly blocked?: string;
}

/** Dante: SOCKS 5 with rules; its users are the system's. */
export async function startDante(lab: Lab, namespace: Namespace, options: DanteOptions): Promise<Child> {
  const { port, external, login, blocked } = options;
  const directory = temporaryDirectory(lab, "dante");
  const method = login === undefined ? "none" : "username";
  if (login !== undefined) await addUser(lab, namespace, login);
  const block = blocked === undefined ? "" : `socks block { from: 0.0.0.0/0 to: ${blocked} }`;
  const file = join(directory, "danted.conf");
  writeFileSync(
    file,
    `
logoutput: ${directory}/dante.log
internal: 0.0.0.0 port = ${port}
external: ${external}
clientmethod: none
socksmethod: ${method}
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
${block}
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 socksmethod: ${method} }
`,
  );
  const pidFile = join(directory, "dante.pid");
  const child = namespace.start([findProgram("danted") ?? "danted", "-f", file, "-p", pidFile]);
  await child.waitUntil("dante", async () => (await listens(namespace, port)) || undefined);
  return child;
}

/** What stands below /etc/netns/NAME/ takes the place of the file in /etc for what is started in the namespace. */
async function addUser(lab: Lab, { name }: Namespace, { user, password }: ProxyUser): Promise<void> {
  const directory = join("/etc/netns", name);
  mkdirSync(directory, { recursive: true });
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  const hash = (await run(["openssl", "passwd", "-6", password])).stdout.trim();
  // The system's users stay: what else is started in the namespace may become one of them, as squid does.
  const add = (file: string, line: string, mode: number): void =>
    writeFileSync(join(directory, file), `${readFileSync(join("/etc", file), "utf8").trimEnd()}\n${line}\n`, { mode });
  add("passwd", `${user}:x:65000:65534::/nonexistent:/bin/sh`, 0o644);
  add("shadow", `${user}:${hash}:19000:0:99999:7:::`, 0o600);
}

async function listens(namespace: Namespace, port: number): Promise<boolean> {
  return (await namespace.run(["ss", "-Hltn", `sport = :${port}`])).stdout.trim() !== "";
}
