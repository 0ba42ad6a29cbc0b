import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Admitted } from "../../../src/server/admission.ts";
import type { Network } from "../../../src/server/network.ts";
import type { Peer } from "../../../src/server/peer.ts";
import { Room } from "../../../src/server/room.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import type { SessionClaim } from "../../../src/wire/session-claim.ts";

const ADMITTED: Admitted = {
  state: "admitted",
  opening: {
    state: "accepted",
    accept: "",
    dialect: "v2",
    mac: "02:00:00:00:00:0a" as Mac,
    bridge: false,
    guest: false,
    session: undefined,
    headers: [],
  },
  identity: {
    user: "alice",
    groups: [],
    method: "token",
    network: undefined,
    expiresMs: undefined,
    credentialId: "t1",
  },
  grant: { network: "lab", rules: DEFAULT_PORT_RULES, sessions: 1, yields: "newest", expiresMs: undefined },
  remote: { address: "192.0.2.1", user: "alice", distinguishedName: "" },
  path: "/",
  origin: { kind: "tcp", address: "192.0.2.1" },
  isVouchedFor: false,
  isClaim: false,
};

interface Circumstances {
  readonly network?: string;
  readonly peers?: number;
  readonly hasHeld?: boolean;
  readonly mayClaim?: boolean;
  readonly hasRoom?: boolean;
  /** Which connection of which session she claims; the server knows the token "t". */
  readonly claim?: SessionClaim;
  readonly isHers?: boolean;
}

/** Where alice's place is, if these things are so; or what stands in her way. */
function placeIf({
  network = "lab",
  peers = 0,
  hasHeld = false,
  mayClaim = true,
  hasRoom = true,
  claim,
  isHers = true,
}: Circumstances = {}): string {
  const owners: string[] = [];
  const guard = {
    mayClaim: (owner: string) => {
      owners.push(owner);
      return mayClaim;
    },
  };
  const networks = new Map([[network, { guard } as unknown as Network]]);
  const peer = { isClaimedBy: () => isHers } as unknown as Peer;
  const tokens = { find: (token: string) => (token === "t" ? peer : undefined) };
  const tenure = { hasRoom: () => hasRoom, hasHeld };
  const room = new Room({ networks, peers: { size: peers }, tenure, tokens }, { maxPeers: 2 });
  const place = room.placeFor({ ...ADMITTED, opening: { ...ADMITTED.opening, session: claim } }, 7);
  assert.ok(owners.every((owner) => owner === "user alice"));
  if (place.state !== "refused") return place.state;
  return `${place.status} ${place.reason} ${place.user} ${place.address}`;
}

describe("room for a peer", () => {
  test("is there", () => assert.equal(placeIf({ peers: 1 }), "free"));

  test("is not in a network that has gone, in a full server, for a taken MAC, or beyond the sessions of a user", () => {
    assert.equal(placeIf({ network: "office" }), "503 network-missing alice 192.0.2.1");
    assert.equal(placeIf({ peers: 2 }), "503 full alice 192.0.2.1");
    assert.equal(placeIf({ mayClaim: false }), "409 mac-not-yours alice 192.0.2.1");
    assert.equal(placeIf({ hasRoom: false }), "409 sessions alice 192.0.2.1");
  });

  test("is in a full server if a session there waits for a client that is gone", () => {
    assert.equal(placeIf({ peers: 2, hasHeld: true }), "free");
  });
});

describe("room for a connection of a session that is there", () => {
  test("takes no new place", () => {
    const nowhere = { network: "office", peers: 2, mayClaim: false, hasRoom: false };
    assert.equal(placeIf({ ...nowhere, claim: { token: "t", connection: 0 } }), "claimed");
    assert.equal(placeIf({ ...nowhere, claim: { token: "t", connection: 7 } }), "claimed");
  });

  for (const [why, claim] of [
    ["is not there", { token: "unknown" }],
    ["is somebody else's", { token: "t", isHers: false }],
  ] as const) {
    const { token, ...rest } = { isHers: true, ...claim };
    test(`whose session ${why}: the first one begins a new session, another gets 410`, () => {
      assert.equal(placeIf({ ...rest, claim: { token, connection: 0 } }), "free");
      assert.equal(placeIf({ ...rest, peers: 2, claim: { token, connection: 0 } }), "503 full alice 192.0.2.1");
      assert.equal(placeIf({ ...rest, claim: { token, connection: 1 } }), "410 session-over alice 192.0.2.1");
    });
  }
});
