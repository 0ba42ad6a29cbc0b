import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientSession } from "../../../src/client/client-session.ts";
import { Servers } from "../../../src/client/servers.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import type { WelcomeMessage } from "../../../src/wire/control-message.ts";

const [a, b, c] = ["ws://a/", "ws://b/", "ws://c/"].map(parseServerUrl) as [
  ReturnType<typeof parseServerUrl>,
  ReturnType<typeof parseServerUrl>,
  ReturnType<typeof parseServerUrl>,
];
const welcomeTo = (token: string): WelcomeMessage => ({
  ...{ kind: "welcome", agent: "", mtu: 1500, offloads: 0, maxMessageBytes: 70_000 },
  session: { token, holdMs: 1, maxConnections: 4 },
});

test("servers are dialed in their order, beginning with the one that knows us", () => {
  const servers = new Servers([a, b, c], false);
  assert.deepEqual(servers.order, [a, b, c]);
  assert.equal(servers.favourite, a);
  servers.choose(b);
  assert.deepEqual(servers.order, [b, c, a]);
  assert.equal(servers.favourite, a);
});

test("they are raced until one of them knows us", () => {
  const servers = new Servers([a, b], true);
  assert.ok(servers.areRaced);
  servers.choose(b);
  assert.ok(!servers.areRaced);
  assert.ok(!new Servers([a, b], false).areRaced);
});

test("a session's token is shown to the server that gave it, and to nobody else", () => {
  const session = new ClientSession();
  assert.equal(session.claim(a, 0), undefined);
  session.begin(a, welcomeTo("secret"));
  assert.deepEqual(session.claim(a, 2), { token: "secret", connection: 2 });
  assert.equal(session.claim(b, 0), undefined);
  assert.ok(session.isOf(a, welcomeTo("secret")));
  assert.ok(!session.isOf(a, welcomeTo("another")));
  assert.ok(!session.isOf(b, welcomeTo("secret")));
  assert.ok(!session.isOf(a, undefined));
  session.forget();
  assert.equal(session.claim(a, 0), undefined);
  session.begin(a, undefined);
  assert.deepEqual([session.server, session.isOf(a, undefined)], [undefined, false], "v1 has none");
});
