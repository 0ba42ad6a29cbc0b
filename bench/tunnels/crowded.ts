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

/** The two that are compared are one server: the other would have idle peers of its own to care for. */
const crowdedIn = new WeakMap<Lab, Promise<Tunnel>>();

/** With 1,000 idle peers; nobody looks. */
export const buildCrowded: BuildTunnel = (lab) => {
  const known = crowdedIn.get(lab) ?? buildCrowd(lab, IDLE_PEERS);
  crowdedIn.set(lab, known);
  return known;
};

/** The same, looked at while it is measured. */
export const buildObserved: BuildTunnel = async (lab, tools) => {
  const tunnel = await buildCrowded(lab, tools);
  const observers = new Observers(tunnel.control ?? "");
  return { ...tunnel, beside: observers };
};

/** With 10,000 peers, to be listed. */
export const buildThousands: BuildTunnel = async (lab) => {
  const turns = new TurnWatch();
  return { ...(await buildCrowd(lab, THOUSANDS_OF_PEERS, turns.childOptions)), turns };
};

async function buildCrowd(lab: Lab, peers: number, options: ChildOptions = {}): Promise<Tunnel> {
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
