/** Ours without TLS: a server with a configuration file, and two clients. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildOptions } from "../../lab/child.ts";
import type { Lab, Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";
import type { Host, Tunnel } from "./tunnel.ts";

export const PORT = 8080;
/** Last byte of each host's address inside the tunnel. */
const SERVER = 1;
const CLIENT = 2;
const PEER = 3;

/** `config`: what the file says beyond the least that a server of the bench needs; `options`: of the server's process. */
export async function buildConfigured(lab: Lab, config: object, options: ChildOptions = {}): Promise<Tunnel> {
  const namespace = await lab.namespace("server");
  const server = await startServer(namespace, ["--config", writeConfig(lab, config)], options);
  const [client, peer] = [await addClient(lab, namespace, CLIENT), await addClient(lab, namespace, PEER)];
  const roles: Readonly<Record<string, VpnProcess>> = { client: client.vpn, server, peer: peer.vpn };
  return {
    client,
    server: { namespace, address: addressOf(SERVER) },
    peer,
    device: TAP,
    processes: Object.entries(roles).map(([role, vpn]) => ({ role, pid: vpn.child.pid })),
  };
}

/** JSON is YAML. */
function writeConfig(lab: Lab, more: object): string {
  const path = join(temporaryDirectory(lab, "config"), "server.yaml");
  const config = {
    listen: [`http://0.0.0.0:${PORT}`],
    allow_anonymous: true,
    networks: { bench: { tap: TAP, addresses: [`${addressOf(SERVER)}/24`] } },
    defaults: { networks: ["bench"] },
    ...more,
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

async function addClient(lab: Lab, server: Namespace, number: number): Promise<Host & { readonly vpn: VpnProcess }> {
  const namespace = await lab.namespace(`client${number}`);
  const link = await lab.link(namespace, server);
  const address = addressOf(number);
  const url = `ws://${link.ipv4[1]}:${PORT}/`;
  const vpn = await startClient(namespace, ["--tap", TAP, "--address", `${address}/24`, url]);
  return { namespace, address, vpn };
}

function addressOf(host: number): string {
  return `10.78.0.${host}`;
}
