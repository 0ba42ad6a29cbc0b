/** Ours: the server, two clients and, when asked, nginx, as the lab builds them for everyone. */
import { buildNetwork, type NetworkOptions, type Site } from "../../lab/network.ts";
import type { LogEvent, VpnProcess } from "../../lab/vpn.ts";
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
      processes,
      stop: () => stopAndCount(roles),
    };
  };
}

function hostOf({ namespace, ipv4 }: Site): Host {
  return { namespace, address: ipv4 };
}

/** Clients first, so that none of them tries to reconnect; the last event of each holds its counters. */
async function stopAndCount(roles: Readonly<Record<string, VpnProcess>>): Promise<Record<string, unknown>> {
  const counters: Record<string, unknown> = {};
  for (const role of ["client", "peer", "server"]) {
    const vpn = roles[role];
    if (vpn === undefined) continue;
    await vpn.stop();
    const last: LogEvent | undefined = [...vpn.events("client.stopped"), ...vpn.events("server.stopped")].at(-1);
    if (last !== undefined) counters[role] = last;
  }
  return counters;
}
