/**
 * Ours without TLS on a server that has many idle peers besides the two that are measured, looked at by nobody or by
 * everybody at once:
 *
 *   crowd ─── 1,000 connections ───┐
 *   client ────────────────────── server ── unix socket ── dashboard, Prometheus, a capture
 */
import { join } from "node:path";
import type { ChildOptions } from "../../lab/child.ts";
import type { Lab } from "../../lab/namespace.ts";
import { startCrowd } from "../../lab/situations/crowd-watch.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { Observers } from "../observers.ts";
import { TurnWatch } from "../turn-watch.ts";
import { buildConfigured, PORT } from "./configured.ts";
import type { BuildTunnel, Tunnel } from "./tunnel.ts";

const IDLE_PEERS = 1_000;
const THOUSANDS_OF_PEERS = 10_000;
/** Connections that the server allows beyond the peers'. */
const SPARE_CONNECTIONS = 100;

/** With 1,000 idle peers; who looks at it is what goes on beside. */
export const buildObserved: BuildTunnel = async (lab) => {
  const tunnel = await buildCrowd(lab, IDLE_PEERS);
  return { ...tunnel, beside: new Observers(tunnel.control) };
};

/** With 10,000 peers, to be listed. */
export const buildThousands: BuildTunnel = async (lab) => {
  const turns = new TurnWatch();
  return { ...(await buildCrowd(lab, THOUSANDS_OF_PEERS, turns.childOptions)), turns };
};

async function buildCrowd(
  lab: Lab,
  peers: number,
  options: ChildOptions = {},
): Promise<Tunnel & { readonly control: string }> {
  const control = join(temporaryDirectory(lab, "control"), "server.sock");
  const most = peers + SPARE_CONNECTIONS;
  const limits = { max_peers: most, max_connections: most };
  const tunnel = await buildConfigured(lab, { control: { listen: [`unix:${control}`] }, limits }, options);
  const outside = await lab.namespace("crowd");
  const { ipv4 } = await lab.link(outside, tunnel.server.namespace);
  const crowd = await startCrowd({ outside, hub: tunnel.server.namespace, ipv4 }, PORT, peers);
  await crowd.allUpSince(0);
  return { ...tunnel, control };
}
