/**
 * What the bench measures: two hosts (and perhaps a third) that reach each other through something, be it a bare cable,
 * the floor, ours or another VPN. Every tunnel stands in a lab of its own and goes with it.
 */

import type { Lab, Namespace } from "../../lab/namespace.ts";
import type { TurnWatch } from "../turn-watch.ts";

export interface Host {
  readonly namespace: Namespace;
  /** IPv4 address inside the tunnel. */
  readonly address: string;
}

export interface Tunnel {
  readonly client: Host;
  readonly server: Host;
  /** A second client, where the tunnel is a switch. */
  readonly peer?: Host;
  /** The programs that carry the frames, by role; none for a cable. */
  readonly processes: readonly TunnelProcess[];
  /** The client's TAP, to count frames at; none for a cable. */
  readonly device?: string;
  /** Path of the server's unix socket for operators, if it has one. */
  readonly control?: string;
  /** How long the server's event loop is busy at a time, where somebody looks at that. */
  readonly turns?: TurnWatch;
  /** What may go on beside a flow. */
  readonly beside?: { start(): Promise<void>; stop(): Promise<void> };
}

export interface TunnelProcess {
  readonly role: string;
  readonly pid: number;
}

/** What the bench builds for itself before the first measurement; paths of executables. */
export interface Tools {
  readonly floor: string;
  readonly floorTls: string;
  readonly datagrams: string;
}

export type BuildTunnel = (lab: Lab, tools: Tools) => Promise<Tunnel>;

/** Two namespaces and the cable between them: the ground most tunnels stand on. */
export async function twoHosts(lab: Lab): Promise<{ client: Host; server: Host }> {
  const client = await lab.namespace("client");
  const server = await lab.namespace("server");
  const link = await lab.link(client, server);
  return { client: { namespace: client, address: link.ipv4[0] }, server: { namespace: server, address: link.ipv4[1] } };
}

/** Addresses inside a tunnel of two. */
const INSIDE = { client: "10.79.0.2", server: "10.79.0.1" } as const;

/** The tunnel of two that these programs make, with a TAP of this name at each end. */
export function tunnelOfTwo(
  ground: { client: Host; server: Host },
  device: string,
  pids: { client: number; server: number },
): Tunnel {
  return {
    client: { ...ground.client, address: INSIDE.client },
    server: { ...ground.server, address: INSIDE.server },
    device,
    processes: [
      { role: "client", pid: pids.client },
      { role: "server", pid: pids.server },
    ],
  };
}

/** Gives the TAPs of a tunnel of two their addresses, as soon as they are there. */
export async function addressTaps(ground: { client: Host; server: Host }, device: string): Promise<void> {
  for (const role of ["client", "server"] as const) {
    const { namespace } = ground[role];
    await namespace.waitForDevice(device);
    await namespace.setAddress(device, `${INSIDE[role]}/24`);
  }
}
