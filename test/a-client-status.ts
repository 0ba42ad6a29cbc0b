import type { ClientStatus } from "../src/control/client-model.ts";

/** What a client may say of itself, an hour after its start. */
export function aClientStatus(changes: Partial<ClientStatus> = {}): ClientStatus {
  const startedMs = Date.UTC(2026, 10, 23, 12);
  return {
    modelVersion: 1,
    instance: "one",
    agent: "vpn-ws/0.1.0",
    runtime: "v20.20.0",
    processId: 4711,
    startedMs,
    nowMs: startedMs + 3_600_000,
    state: "connected",
    sinceMs: startedMs + 1_800_000,
    servers: ["wss://vpn.example/vpn"],
    server: "wss://vpn.example/vpn",
    dialect: "v2",
    sessions: 2,
    disconnects: 1,
    nextAttemptMs: null,
    connections: [
      {
        number: 0,
        address: "192.0.2.1",
        localAddress: "198.51.100.7",
        sinceMs: startedMs + 1_800_000,
        roundTripMs: 18.4,
        silentMs: 400,
        suspect: false,
        queuedBytes: 0,
        congested: false,
        congestionControl: "bbr",
        receivedBytes: 2_000_000,
        sentBytes: 1_000_000,
      },
    ],
    tap: { name: "vpn0", mac: "02:00:00:00:00:01", mtu: 1500, bridge: false },
    receivedBytes: 3_000_000,
    sentBytes: 1_500_000,
    drops: 3,
    dropsByReason: { "device-refused": 3 },
    heldFrames: 0,
    lastError: { atMs: startedMs + 1_799_000, text: "disconnected: nothing heard for 8.0 s" },
    ...changes,
  };
}
