/**
 * Who pretends to be the web server: forged headers and uwsgi variables, local users at the unix socket, pages of other
 * sites, strangers at the control interface; a bystander's traffic goes on.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, type Namespace } from "../../../lab/namespace.ts";
import { startNginx } from "../../../lab/nginx.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { startServer, type VpnProcess } from "../../../lab/vpn.ts";
import { type Answer, basic, type Destination, Gate } from "./gate.ts";
import { Bystander } from "./gate-bystander.ts";
import { GateServer, makeDirectory, NETWORKS } from "./gate-server.ts";

const noLab = await whyNoLab("ping", "nginx");
const HTTP_PORT = 8080;
const UWSGI_PORT = 3031;
const PROXY = "127.3.0.1";
const STRANGER = "127.4.0.1";
/** Debian's numbers, the same on every system. */
const WWW_DATA = 33;
const NOBODY = 65_534;

const http = (localAddress: string): Destination => ({ host: "127.0.0.1", port: HTTP_PORT, localAddress });
const uwsgi = (localAddress: string): Destination => ({ host: "127.0.0.1", port: UWSGI_PORT, localAddress });

describe("a server that takes a web server's word", { skip: noLab }, () => {
  let lab: Lab;
  let server: GateServer;
  let bystander: Bystander;
  let socket: { readonly path: string };

  before(async () => {
    lab = await Lab.open();
    const namespaces = [await lab.namespace("server"), await lab.namespace("bystander")] as const;
    const link = await lab.link(namespaces[1], namespaces[0]);
    const directory = makeDirectory(lab);
    socket = { path: join(directory, "vpn.sock") };
    server = await GateServer.start(lab, namespaces[0], directory, {
      listen: [`http://0.0.0.0:${HTTP_PORT}`, `tcp://0.0.0.0:${UWSGI_PORT}`, `unix:${socket.path}`],
      authentication: [{ kind: "web-server" }, { kind: "tokens" }],
      trusted_proxies: [PROXY],
      socket_users: ["www-data"],
      allowed_origins: ["https://vpn.example.com"],
      networks: NETWORKS,
    });
    bystander = await Bystander.start(server, namespaces[1], `ws://${link.ipv4[1]}:${HTTP_PORT}/`);
  });
  after(() => lab?.close());

  async function assertRefused(answer: Answer, status: number, reason: string, address: string): Promise<void> {
    assert.equal(answer.status, status);
    await server.assertRefused({ status, reason, address, user: "" });
  }

  test("believes X-Remote-User and X-Forwarded-For of a listed proxy", async () => {
    const headers = { "X-Remote-User": "alice", "X-Forwarded-For": "203.0.113.66, 203.0.113.7" };
    const { status, socket: stream } = await server.gate.ask(http(PROXY), headers);
    assert.equal(status, 101);
    assert.equal((await server.joined("alice", "web-server")).address, "203.0.113.7");
    stream.destroy();
  });

  test("believes neither of a stranger", async () => {
    const headers = {
      "X-Remote-User": "alice",
      "X-Forwarded-For": PROXY,
      "X-SSL-Client-Verify": "SUCCESS",
      "X-SSL-Client-S-DN": "CN=alice",
    };
    await assertRefused(await server.gate.ask(http(STRANGER), headers), 401, "no-credentials", STRANGER);
    const lower = { "x-remote-user": "alice", "x-forwarded-for": `${PROXY}, ${PROXY}`, forwarded: `for=${PROXY}` };
    await assertRefused(await server.gate.ask(http(STRANGER), lower), 401, "no-credentials", STRANGER);
    await bystander.goesOn();
  });

  test("does not let a stranger guess on under other addresses", async () => {
    const from = "127.4.0.2";
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      const headers = {
        ...basic("", `vpnws_${"A".repeat(42)}${guess % 10}`),
        "X-Forwarded-For": `198.51.100.${guess}`,
      };
      const answer = await server.gate.ask(http(from), headers);
      statuses.push(answer.status);
      await server.assertRefused({ address: from });
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429]);
  });

  test("refuses a user's name that came twice through a listed proxy, and a certificate that was not verified", async () => {
    const twice = await server.gate.ask(http(PROXY), { "X-Remote-User": "alice", "x-remote-user": "mallory" });
    await assertRefused(twice, 401, "web-server:no-user", PROXY);
    const unverified = { "X-SSL-Client-Verify": "FAILED:expired", "X-SSL-Client-S-DN": "CN=alice" };
    await assertRefused(await server.gate.ask(http(PROXY), unverified), 401, "no-credentials", PROXY);
  });

  test("believes uwsgi variables of a listed proxy and of nobody else", async () => {
    const word = { REMOTE_USER: "bob", REMOTE_ADDR: "203.0.113.8", HTTPS_DN: "CN=bob" };
    const good = await server.gate.askUwsgi(uwsgi(PROXY), word);
    assert.equal(good.status, 101);
    assert.equal((await server.joined("bob", "web-server")).address, "203.0.113.8");
    good.socket.destroy();
    await assertRefused(await server.gate.askUwsgi(uwsgi(STRANGER), word), 401, "no-credentials", STRANGER);
    const header = await server.gate.askUwsgi(uwsgi(PROXY), { HTTP_REMOTE_USER: "bob", HTTP_X_REMOTE_USER: "bob" });
    await assertRefused(header, 401, "no-credentials", "");
    await bystander.goesOn();
  });

  test("refuses a local user at its unix socket, counts that, and lets the web server's user in", async () => {
    const nobody = await Gate.open(lab, server.namespace, NOBODY);
    const www = await Gate.open(lab, server.namespace, WWW_DATA);
    for (const answer of [
      await nobody.askUwsgi(socket, { REMOTE_USER: "root" }),
      await nobody.ask(socket, { "X-Remote-User": "root" }),
    ]) {
      assert.deepEqual([answer.status, answer.body], [403, "You may not use this socket.\n"]);
    }
    const refusals = server.vpn.events("listener.refused").filter(({ reason }) => reason === "peer-not-allowed");
    assert.equal(refusals.length, 2);
    assert.match(String(refusals[0]?.msg), new RegExp(`uid ${NOBODY} may not connect`));
    for (const [user, ask] of [
      ["carol", www.askUwsgi(socket, { REMOTE_USER: "carol" })],
      ["dave", www.ask(socket, { "X-Remote-User": "dave" })],
      ["erin", server.gate.askUwsgi(socket, { REMOTE_USER: "erin" })],
    ] as const) {
      const answer = await ask;
      assert.equal(answer.status, 101);
      await server.joined(user, "web-server");
      answer.socket.destroy();
    }
    await bystander.goesOn();
  });

  test("refuses pages of another site, whatever credentials their browser holds", async () => {
    const asAlice = { "X-Remote-User": "alice" };
    for (const origin of ["https://evil.example", "null", "https://vpn.example.com.evil.example", "http://vpn:81"]) {
      const answer = await server.gate.ask(http(PROXY), { ...asAlice, Origin: origin });
      await assertRefused(answer, 403, "foreign-origin", PROXY);
    }
    for (const origin of ["https://vpn.example.com", "http://vpn"]) {
      const answer = await server.gate.ask(http(PROXY), { ...asAlice, Origin: origin });
      assert.equal(answer.status, 101, origin);
      answer.socket.destroy();
    }
  });

  test("shows its peers to the web server only, and lets nobody else close one", async () => {
    const [peer] = server.vpn.events("peer.joined").filter(({ user }) => user === "bystander");
    for (const query of ["", `kill=${String(peer?.peer)}`]) {
      const answer = await server.gate.askUwsgi(uwsgi(STRANGER), { QUERY_STRING: query }, 1);
      assert.doesNotMatch(answer.body, /bystander|REMOTE_USER/);
      await assertRefused(answer, 403, "no-control", STRANGER);
    }
    const shown = await server.gate.askUwsgi(uwsgi(PROXY), {}, 1);
    assert.equal(shown.status, 200);
    assert.match(shown.body, /"REMOTE_USER":\s*"bystander"/);
    await bystander.goesOn();
  });

  test("let the bystander lose no frame in all this", () => bystander.leave());
});

describe("nginx by the files of contrib/nginx", { skip: noLab }, () => {
  const forged = {
    "X-Remote-User": "admin",
    "Remote-User": "admin",
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": "CN=admin",
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
  };
  const fronts = [
    ["proxy", "http://127.0.0.1:8080"],
    ["uwsgi-tcp", "tcp://127.0.0.1:8080"],
  ] as const;
  for (const [location, listen] of fronts) {
    test(`${location}.conf passes on nothing that a client says of itself`, async () => {
      const lab = await Lab.open();
      try {
        const namespace: Namespace = await lab.namespace("server");
        const vpn: VpnProcess = await startServer(namespace, ["--listen", listen, "--trusted-proxy", "127.0.0.1"]);
        const nginx = await startNginx(lab, namespace, { location });
        const gate = await Gate.open(lab, namespace);
        const to = { host: "127.0.0.1", port: nginx.port, localAddress: STRANGER };
        assert.equal((await gate.ask(to, forged, "/vpn")).status, 101);
        const { user, method, address } = await vpn.waitForEvent("peer.joined");
        assert.deepEqual({ user, method, address }, { user: "", method: "anonymous", address: STRANGER });
      } finally {
        await lab.close();
      }
    });
  }
});
