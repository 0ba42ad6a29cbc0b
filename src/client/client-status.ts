import type { DropCounters } from "../base/drop-reason.ts";
import { AGENT } from "../base/version.ts";
import type { ClientStatus } from "../control/client-model.ts";
import type { Device } from "../device/device.ts";
import type { ClientOptions } from "./client-options.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Outbound } from "./outbound.ts";
import type { SessionConnection } from "./session-connection.ts";

/** What a client's status is read from. */
export interface StatusSources {
  readonly record: ClientRecord;
  readonly device: Device;
  readonly drops: DropCounters;
  readonly outbound: Outbound;
  /** Those that carry frames. */
  readonly connections: readonly SessionConnection[];
}

/** A client at this moment, as a plain value; without a secret. */
export function clientStatus(
  { record, device, drops, outbound, connections }: StatusSources,
  { servers, bridge }: Pick<ClientOptions, "servers" | "bridge">,
): ClientStatus {
  const nowMs = Date.now();
  const [first] = connections;
  return {
    modelVersion: 1,
    instance: record.instance,
    agent: AGENT,
    runtime: process.version,
    processId: process.pid,
    startedMs: record.startedMs,
    nowMs,
    state: record.state,
    sinceMs: record.sinceMs,
    servers: servers.map(({ display }) => display),
    server: first?.server.display ?? null,
    dialect: first?.dialect ?? null,
    sessions: record.sessions,
    disconnects: record.disconnects,
    nextAttemptMs: record.nextAttemptMs ?? null,
    connections: connections.map((one) => describe(one, nowMs)),
    tap: { name: device.name, mac: device.mac, mtu: device.mtu, bridge },
    receivedBytes: record.receivedBytes,
    sentBytes: record.sentBytes,
    drops: drops.total,
    dropsByReason: drops.toJSON(),
    heldFrames: outbound.heldFrames,
    lastError: record.lastError,
  };
}

function describe(connection: SessionConnection, nowMs: number): ClientStatus["connections"][number] {
  return {
    number: connection.number,
    address: connection.remoteAddress ?? null,
    localAddress: connection.localAddress ?? null,
    sinceMs: Math.round(nowMs - connection.upForMs),
    roundTripMs: connection.lastRoundTripMs ?? null,
    silentMs: connection.silentMs,
    suspect: connection.isSuspect,
    queuedBytes: connection.queuedBytes,
    congested: connection.congested,
    congestionControl: connection.congestion ?? null,
    receivedBytes: connection.receivedBytes,
    sentBytes: connection.sentBytes,
  };
}
