/**
 * A real server with a dashboard, in a namespace with a browser beside it, nginx in front, and real clients around.
 *
 *   client  vpn0 10.83.0.2 ── cable ── server  vpn0 10.83.0.1 :8080 ◄── nginx :80 /admin ◄─┐
 *   client  vpn0 10.83.0.3 ── cable ──┘        control 127.0.0.1:7000 ◄──────────────── browser
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { startBrowser } from "../../lab/browser.ts";
import { run } from "../../lab/child.ts";
import type { Lab, Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { type Nginx, startNginx, UPSTREAM_PORT } from "../../lab/nginx.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { SERVER_BINARY, startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";

/** Everybody's. */
export const PASSWORD = "correct horse";
export const ADMIN = "ada";
export const VIEWER = "vera";
const USERS = [ADMIN, VIEWER, "bob", "carl"];

export const CONTROL_URL = "http://127.0.0.1:7000/";
/** The same dashboard, on the server's main listener behind nginx. */
export const NGINX_URL = "http://127.0.0.1/admin/";
export const SERVER_ADDRESS = "10.83.0.1";

/** A namespace with a cable to the server's, and its address inside the VPN. */
interface ClientSite {
  readonly namespace: Namespace;
  readonly host: string;
  readonly address: string;
}

export class DashboardServer {
  readonly lab: Lab;
  readonly browser: Browser;
  readonly nginx: Nginx;
  readonly #namespace: Namespace;
  readonly #directory: string;
  readonly #sites: readonly ClientSite[];
  #vpn: VpnProcess | undefined;

  private constructor(
    lab: Lab,
    parts: { browser: Browser; nginx: Nginx; namespace: Namespace; directory: string; sites: readonly ClientSite[] },
  ) {
    this.lab = lab;
    this.browser = parts.browser;
    this.nginx = parts.nginx;
    this.#namespace = parts.namespace;
    this.#directory = parts.directory;
    this.#sites = parts.sites;
  }

  static async start(lab: Lab): Promise<DashboardServer> {
    const namespace = await lab.namespace("server");
    const sites = [await addSite(lab, namespace, 2), await addSite(lab, namespace, 3)];
    const directory = temporaryDirectory(lab, "dashboard");
    await writeConfiguration(directory);
    const [browser, nginx] = await Promise.all([
      startBrowser(lab, namespace),
      startNginx(lab, namespace, { location: "proxy", serverLines: [adminLocation(directory)] }),
    ]);
    const server = new DashboardServer(lab, { browser, nginx, namespace, directory, sites });
    await server.startVpn();
    return server;
  }

  get vpn(): VpnProcess {
    if (this.#vpn === undefined) throw new Error("the server has not been started");
    return this.#vpn;
  }

  async startVpn(): Promise<void> {
    const flags = ["--config", join(this.#directory, "server.yaml"), "--state-dir", join(this.#directory, "state")];
    this.#vpn = await startServer(this.#namespace, flags);
  }

  /** A client in the first or second site. */
  join(user: string, site: 0 | 1): Promise<VpnProcess> {
    const { namespace, host, address } = this.#sites[site] as ClientSite;
    const file = join(this.#directory, `${user}.login`);
    writeFileSync(file, `${user}:${PASSWORD}\n`, { mode: 0o600 });
    const flags = ["--tap", TAP, "--address", `${address}/24`, "--auth-file", file];
    return startClient(namespace, [...flags, `ws://${host}:${UPSTREAM_PORT}/`]);
  }

  clientNamespace(site: 0 | 1): Namespace {
    return (this.#sites[site] as ClientSite).namespace;
  }

  get namespace(): Namespace {
    return this.#namespace;
  }

  /** What `vpn-ws dashboard` prints for who is root on the server. */
  async ticketUrl(): Promise<string> {
    const socket = `unix:/run/vpn-ws/server-${this.vpn.child.pid}.sock`;
    const { stdout } = await run([process.execPath, SERVER_BINARY, "dashboard", "--control", socket]);
    const [url] = /http:\S+/.exec(stdout) ?? [];
    if (url === undefined) throw new Error(`vpn-ws dashboard printed no address: ${stdout}`);
    return url;
  }
}

async function addSite(lab: Lab, server: Namespace, host: number): Promise<ClientSite> {
  const namespace = await lab.namespace(`client${host}`);
  const link = await lab.link(namespace, server);
  return { namespace, host: link.ipv4[1], address: `10.83.0.${host}` };
}

/** nginx asks who it is, and tells the server. */
function adminLocation(directory: string): string {
  return `location /admin {
    auth_basic operators; auth_basic_user_file ${join(directory, "htpasswd")};
    proxy_pass http://127.0.0.1:${UPSTREAM_PORT};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Remote-User $remote_user;
  }`;
}

/** JSON is YAML. */
async function writeConfiguration(directory: string): Promise<void> {
  const lines = await Promise.all(USERS.map((user) => run(["htpasswd", "-nbm", user, PASSWORD])));
  writeFileSync(join(directory, "htpasswd"), lines.map(({ stdout }) => stdout.trim()).join("\n"), { mode: 0o600 });
  const configuration = {
    listen: [`http://0.0.0.0:${UPSTREAM_PORT}`],
    trusted_proxies: ["127.0.0.1"],
    authentication: [{ kind: "web-server" }, { kind: "htpasswd", file: "htpasswd" }],
    networks: { office: { path: "/", tap: TAP, addresses: [`${SERVER_ADDRESS}/24`] } },
    control: { listen: [new URL(CONTROL_URL).origin], path: "/admin", admins: [ADMIN], viewers: [VIEWER] },
  };
  writeFileSync(join(directory, "server.yaml"), JSON.stringify(configuration));
}
