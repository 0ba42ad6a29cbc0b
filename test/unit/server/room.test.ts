import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Admitted } from "../../../src/server/admission.ts";
import type { Network } from "../../../src/server/network.ts";
import { Room } from "../../../src/server/room.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import type { Mac } from "../../../src/wire/mac.ts";

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
};

/** What stands in alice's way, if these things are so. */
function obstacle({ network = "lab", peers = 0, mayClaim = true, hasRoom = true } = {}): string | undefined {
  const owners: string[] = [];
  const guard = {
    mayClaim: (owner: string) => {
      owners.push(owner);
      return mayClaim;
    },
  };
  const networks = new Map([[network, { guard } as unknown as Network]]);
  const room = new Room({ networks, peers: { size: peers }, tenure: { hasRoom: () => hasRoom } }, { maxPeers: 2 });
  const place = room.placeFor(ADMITTED, 7);
  const refused = place.state === "refused" ? place : undefined;
  assert.ok(owners.every((owner) => owner === "user alice"));
  return refused === undefined ? undefined : `${refused.status} ${refused.reason} ${refused.user} ${refused.address}`;
}

describe("room for a peer", () => {
  test("is there", () => assert.equal(obstacle({ peers: 1 }), undefined));

  test("is not in a network that has gone, in a full server, for a taken MAC, or beyond the sessions of a user", () => {
    assert.equal(obstacle({ network: "office" }), "503 network-missing alice 192.0.2.1");
    assert.equal(obstacle({ peers: 2 }), "503 full alice 192.0.2.1");
    assert.equal(obstacle({ mayClaim: false }), "409 mac-not-yours alice 192.0.2.1");
    assert.equal(obstacle({ hasRoom: false }), "409 sessions alice 192.0.2.1");
  });
});
