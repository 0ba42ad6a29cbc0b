import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionCount } from "../../../src/client/connection-count.ts";
import type { WelcomeMessage } from "../../../src/wire/control-message.ts";

const FAR = { roundTripMs: 60, congestion: "cubic" };

function welcome(maxConnections: number | undefined, congestion = "cubic"): WelcomeMessage {
  const session = maxConnections === undefined ? {} : { session: { token: "t", holdMs: 1, maxConnections } };
  return { kind: "welcome", agent: "", mtu: 1500, offloads: 0, maxMessageBytes: 70_000, congestion, ...session };
}

test("a session has as many connections as asked for, and as the server allows", () => {
  assert.equal(connectionCount(3, welcome(8), FAR), 3);
  assert.equal(connectionCount(8, welcome(2), FAR), 2);
  assert.equal(connectionCount(8, welcome(undefined), FAR), 1);
  assert.equal(connectionCount(8, undefined, FAR), 1, "v1 has no sessions");
});

test("auto is four where one would be slow", () => {
  assert.equal(connectionCount("auto", welcome(8), FAR), 4);
  assert.equal(connectionCount("auto", welcome(2), FAR), 2);
  assert.equal(connectionCount("auto", welcome(8), { ...FAR, roundTripMs: 9 }), 1, "near");
  assert.equal(connectionCount("auto", welcome(8), { ...FAR, roundTripMs: undefined }), 4);
  assert.equal(connectionCount("auto", welcome(8, "bbr"), { ...FAR, congestion: "bbr" }), 1, "bbr at both ends");
  assert.equal(connectionCount("auto", welcome(8, "bbr"), FAR), 4);
  assert.equal(connectionCount("auto", welcome(8, "bbr"), { ...FAR, congestion: undefined }), 4);
});
