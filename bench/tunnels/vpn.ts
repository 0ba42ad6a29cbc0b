/** Ours: the server, two clients and, when asked, nginx, as the lab builds them for everyone. */
import { buildNetwork, type NetworkOptions, type Site, TAP } from "../../lab/network.ts";
import type { VpnProcess } from "../../lab/vpn.ts";
import type { BuildTunnel, Host } from "./tunnel.ts";

/** A tunnel of ours with these options. */
export function buildVpn(options: NetworkOptions): BuildTunnel {
  return async (lab) => {
    const { server, clients, nginx } = await buildNetwork(lab, options);
    const [client, peer] = clients;
    if (client === undefined || peer === undefined) throw new Error("the bench needs two clients");
    const roles: Readonly<Record<string, VpnProcess>> = { client: client.vpn, server: server.vpn, peer: peer.vpn };
    const processes = Object.entries(roles).map(([role, vpn]) => ({ role, pid: vpn.child.pid }));
    if (nginx !== undefined) processes.push({ role: "nginx", pid: nginx.workerPid() });
    return {
      client: hostOf(client),
      server: hostOf(server),
      peer: hostOf(peer),
      device: TAP,
      processes,
    };
  };
}

function hostOf({ namespace, ipv4 }: Site): Host {
  return { namespace, address: ipv4 };
}
