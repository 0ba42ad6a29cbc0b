/**
 * The network that demo, tests and bench have in common: a server with a TAP and clients around it, each in a namespace
 * of its own, each client with a cable of its own to the server (veth or an emulated path), nginx beside it when asked.
 *
 *   client 1  vpn0 10.78.0.2 ═╗ 10.77.0.1 ─── 10.77.0.2 ╔═ [nginx] ═ server  vpn0 10.78.0.1
 *   client 2  vpn0 10.78.0.3 ═╝ 10.77.1.1 ─── 10.77.1.2 ╝
 */
import { join } from "node:path";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Lab, Link, Namespace } from "./namespace.ts";
import { type Nginx, type NginxLocation, startNginx, UPSTREAM_PORT } from "./nginx.ts";
import type { PathSettings } from "./path/direction-settings.ts";
import { Path } from "./path/path.ts";
import type { ProfileName } from "./path/profiles.ts";
import { temporaryDirectory } from "./temporary.ts";
import { startClient, startServer, type VpnProcess } from "./vpn.ts";

/** The name of the TAP at every site. */
export const TAP = "vpn0";

export interface NetworkOptions {
  /** How clients reach the server: its own listener, or nginx with this file of contrib/nginx/. Default `direct`. */
  readonly front?: "direct" | NginxLocation;
  /** wss:// instead of ws://, ended by the front. */
  readonly tls?: boolean;
  /** Default 2. */
  readonly clients?: number;
  /** Makes each client's cable an emulated path with these settings (path/profiles.ts) instead of a veth pair. */
  readonly path?: ProfileName | PathSettings;
  readonly serverFlags?: readonly string[];
  readonly clientFlags?: readonly string[];
}

/** One machine of the network, with its addresses inside the VPN. */
export interface Site {
  readonly namespace: Namespace;
  readonly vpn: VpnProcess;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Network {
  readonly server: Site;
  readonly clients: readonly Site[];
  /** Cable of each client; the server is its second end. */
  readonly links: readonly Link[];
  /** The same, with their handles, when `NetworkOptions.path` made them emulated; else none. */
  readonly paths: readonly Path[];
  /** All flags of the server, to start it again: `startServer(server.namespace, serverFlags)`. */
  readonly serverFlags: readonly string[];
  /** What each client dials. */
  readonly urls: readonly string[];
  readonly certificates?: Certificates;
  readonly nginx?: Nginx;
}

const TLS_PORT = 8443;

/** Builds all of it and waits until every client has connected. */
export async function buildNetwork(lab: Lab, options: NetworkOptions = {}): Promise<Network> {
  const serverNamespace = await lab.namespace("server");
  const cables: { namespace: Namespace; link: Link }[] = [];
  for (let index = 0; index < (options.clients ?? 2); index++) {
    const namespace = await lab.namespace(`client${index + 1}`);
    cables.push({ namespace, link: await layCable(lab, namespace, serverNamespace, options, index) });
  }
  const links = cables.map(({ link }) => link);
  const certificates = options.tls ? await makeCertificates(lab, { server: addressesOf(links) }) : undefined;
  const { listen, nginx } = await raiseFront(lab, serverNamespace, options, certificates);
  const serverFlags = [...listen, ...(options.serverFlags ?? []), ...tapFlags(innerAddress(1))];
  const server = {
    namespace: serverNamespace,
    vpn: await startServer(serverNamespace, serverFlags),
    ...innerAddress(1),
  };
  const urls = links.map((link) => urlOf(link, options));
  const trust = certificates === undefined ? [] : ["--ca", certificates.authority.certificate];
  const flags = [...trust, ...(options.clientFlags ?? [])];
  const clients = await Promise.all(
    cables.map(({ namespace }, index) => startClientSite(namespace, index, urls[index] ?? "", flags)),
  );
  const optional = {
    ...(certificates === undefined ? {} : { certificates }),
    ...(nginx === undefined ? {} : { nginx }),
  };
  const paths = links.filter((link) => link instanceof Path);
  return { server, serverFlags, clients, links, paths, urls, ...optional };
}

/** Each path has a seed of its own: two clients do not lose the same frames. */
function layCable(lab: Lab, from: Namespace, to: Namespace, { path }: NetworkOptions, index: number): Promise<Link> {
  return path === undefined ? lab.link(from, to) : lab.path(from, to, path, { seed: 1 + 1_000 * index });
}

/** The flags that make the server listen where the front sends its clients, and the front itself. */
async function raiseFront(
  lab: Lab,
  namespace: Namespace,
  { front = "direct" }: NetworkOptions,
  certificates: Certificates | undefined,
): Promise<{ listen: readonly string[]; nginx?: Nginx }> {
  const tls = certificates?.server;
  if (front === "direct") {
    const plain = ["--listen", `http://0.0.0.0:${UPSTREAM_PORT}`, "--allow-anonymous"];
    if (tls === undefined) return { listen: plain };
    const keys = ["--tls-cert", tls.certificate, "--tls-key", tls.key];
    return { listen: [...plain, "--listen", `https://0.0.0.0:${TLS_PORT}`, ...keys] };
  }
  const directory = temporaryDirectory(lab, "socket");
  const unixSocket = join(directory, "vpn-ws.sock");
  const nginx = await startNginx(lab, namespace, {
    location: front,
    unixSocket,
    ...(tls === undefined ? {} : { tls }),
  });
  const upstream = {
    "uwsgi-unix": `unix:${unixSocket}`,
    "uwsgi-tcp": `tcp://127.0.0.1:${UPSTREAM_PORT}`,
    proxy: `http://127.0.0.1:${UPSTREAM_PORT}`,
  };
  return { listen: ["--listen", upstream[front]], nginx };
}

function urlOf(link: Link, { front = "direct", tls = false }: NetworkOptions): string {
  const host = link.ipv4[1];
  if (front !== "direct") return tls ? `wss://${host}/vpn` : `ws://${host}/vpn`;
  return tls ? `wss://${host}:${TLS_PORT}/` : `ws://${host}:${UPSTREAM_PORT}/`;
}

function addressesOf(links: readonly Link[]): readonly string[] {
  return ["vpn.example", ...links.flatMap((link) => [link.ipv4[1], link.ipv6[1]])];
}

async function startClientSite(
  namespace: Namespace,
  index: number,
  url: string,
  flags: readonly string[],
): Promise<Site> {
  const address = innerAddress(index + 2);
  const vpn = await startClient(namespace, [...flags, ...tapFlags(address), url]);
  return { namespace, vpn, ...address };
}

function innerAddress(host: number): { ipv4: string; ipv6: string } {
  return { ipv4: `10.78.0.${host}`, ipv6: `fd78::${host.toString(16)}` };
}

function tapFlags({ ipv4, ipv6 }: { ipv4: string; ipv6: string }): readonly string[] {
  return ["--tap", TAP, "--address", `${ipv4}/24`, "--address", `${ipv6}/64`];
}
