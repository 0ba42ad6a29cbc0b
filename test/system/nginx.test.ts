/** nginx in front, configured by the files of contrib/nginx: traffic, identity, refusals and the control interface. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeCertificates } from "../../lab/certificates.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { buildNetwork, type NetworkOptions, type Site, TAP } from "../../lab/network.ts";
import { type Nginx, startNginx } from "../../lab/nginx.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { startClient, startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";
import { type Answer, get, openDoor } from "./door.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

const noLab = await whyNoLab("nginx", "openssl");

describe("each snippet of contrib/nginx", { skip: noLab }, () => {
  const fronts: readonly (readonly [string, NetworkOptions])[] = [
    ["uwsgi-unix.conf", { front: "uwsgi-unix" }],
    ["uwsgi-tcp.conf", { front: "uwsgi-tcp" }],
    ["proxy.conf", { front: "proxy" }],
    ["tls.conf with uwsgi-unix.conf", { front: "uwsgi-unix", tls: true }],
    ["tls.conf with proxy.conf", { front: "proxy", tls: true }],
  ];
  for (const [title, options] of fronts) {
    test(`${title} carries pings and large transfers both ways`, async () => {
      const lab = await Lab.open();
      try {
        const { server, clients, nginx } = await buildNetwork(lab, options);
        const [first, second] = clients as [Site, Site];
        for (const { ipv4: address } of [server, second]) {
          assert.equal((await runPing(first.namespace, { address, count: 3 })).received, 3);
        }
        await transferBothWays(first.namespace, server.namespace, server.ipv4, 32 * MEBIBYTE);
        await transferBothWays(first.namespace, second.namespace, second.ipv6, 32 * MEBIBYTE);
        assert.equal(nginx?.errorLog(), "");
      } finally {
        await lab.close();
      }
    });
  }
});

/** What the original's control interface says of one peer. */
interface ControlPeer {
  readonly id: number;
  readonly MAC: string;
  readonly REMOTE_ADDR: string;
  readonly REMOTE_USER: string;
  readonly DN: string;
  readonly [field: string]: unknown;
}

const FIELDS = ["id", "MAC", "REMOTE_ADDR", "REMOTE_USER", "DN", "ts", "bridge", "macs", "unix", "tx", "rx"];

function peersOf({ body }: Answer): readonly ControlPeer[] {
  return (JSON.parse(body) as { readonly peers: readonly ControlPeer[] }).peers;
}

describe("nginx that asks for a user and leads to the control interface", { skip: noLab }, () => {
  let lab: Lab;
  let server: VpnProcess;
  let serverNamespace: Namespace;
  let clientNamespace: Namespace;
  let nginx: Nginx;
  let host: string;
  let door: string;
  let directory: string;
  const serverFlags = (): string[] => ["--listen", `unix:${join(directory, "vpn.sock")}`, "--tap", TAP];
  const url = (path = "/vpn", credentials = ""): string => `ws://${credentials}${host}${path}`;

  before(async () => {
    lab = await Lab.open();
    directory = mkdtempSync(join(tmpdir(), "vpnws-nginx-test-"));
    lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
    const unixSocket = join(directory, "vpn.sock");
    writeFileSync(join(directory, "users"), "ada:{PLAIN}let ter%\nbob:{PLAIN}xyz\n");
    serverNamespace = await lab.namespace("server");
    clientNamespace = await lab.namespace("client");
    host = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
    server = await startServer(serverNamespace, [...serverFlags(), "--allow-bridge", "--address", "10.78.0.1/24"]);
    nginx = await startNginx(lab, serverNamespace, {
      location: "uwsgi-unix",
      unixSocket,
      serverLines: [
        `auth_basic vpn; auth_basic_user_file ${join(directory, "users")};`,
        `location /control { auth_basic off; include uwsgi_params; uwsgi_modifier1 1; uwsgi_pass unix:${unixSocket}; }`,
        "location /forbidden { auth_basic off; deny all; }",
        "location /elsewhere { auth_basic off; return 404; }",
      ],
    });
    door = await openDoor(lab, serverNamespace, nginx.port);
  });
  after(() => lab?.close());

  /** Runs a client until its standard error holds all of the texts. */
  async function assertSays(argv: readonly string[], ...texts: readonly string[]): Promise<void> {
    const { child } = startVpn(clientNamespace, ["client", ...argv]);
    await child.waitUntil(texts.join(" … "), () => texts.every((text) => child.stderr.includes(text)));
    await child.stop();
  }

  async function assertComesInAs(user: string, argv: readonly string[], environment = {}): Promise<void> {
    const client = await startClient(clientNamespace, argv, { environment });
    const peers = peersOf(await get(door, "/control"));
    assert.deepEqual(
      peers.map((peer) => peer.REMOTE_USER),
      ["", user],
    );
    await client.stop();
    await waitFor("the peer's leave", async () => peersOf(await get(door, "/control")).length === 1);
  }

  test("names the user of a URL to the server", async () => {
    await assertComesInAs("ada", [url("/vpn", "ada:let%20ter%25@")]);
  });

  test("names the user of VPN_WS_AUTH to the server", async () => {
    await assertComesInAs("bob", [url()], { VPN_WS_AUTH: "bob:xyz" });
  });

  test("names the user of --auth-file to the server", async () => {
    const file = join(directory, "auth");
    writeFileSync(file, "ada:let ter%\n", { mode: 0o600 });
    await assertComesInAs("ada", ["--auth-file", file, url()]);
  });

  test("makes the client say what to do about 401, without or with the wrong password", async () => {
    const answer = `${url()} answered 401 Unauthorized`;
    await assertSays([url()], answer, "The server wants to know who you are: give an invite, --auth-file,");
    await assertSays([url("/vpn", "bob:wrong@")], answer, "The server does not take this user with this password:");
  });

  test("makes the client say what to do about 403", async () => {
    const sentence =
      "The server knows you and says no: ask its operator, or present a certificate with --crt and --key.";
    await assertSays([url("/forbidden")], `${url("/forbidden")} answered 403 Forbidden`, sentence);
  });

  test("makes the client say what to do about 404", async () => {
    const sentence = "No VPN is at that path: check the path of the URL and the web server's location.";
    await assertSays([url("/elsewhere")], `${url("/elsewhere")} answered 404 Not Found`, sentence);
  });

  test("shows the original's fields on the control interface, the TAP first", async () => {
    const client = await startClient(clientNamespace, ["--bridge", url("/vpn", "bob:xyz@")]);
    const answer = await get(door, "/control");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "application/json");
    const [tap, peer] = peersOf(answer);
    assert.ok(tap !== undefined && peer !== undefined);
    assert.deepEqual([Object.keys(tap), Object.keys(peer)], [FIELDS, FIELDS]);
    const mac = client.events("client.started")[0]?.mac;
    const { ts, unix, tx, rx, ...rest } = peer;
    const expected = { id: peer.id, MAC: String(mac).toUpperCase(), REMOTE_ADDR: "10.77.0.1", REMOTE_USER: "bob" };
    assert.deepEqual(rest, { ...expected, DN: "", bridge: 1, macs: [] });
    assert.match(String(ts), /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}$/);
    for (const number of [unix, tx, rx]) assert.ok(Number.isInteger(number) && Number(number) > 0);
    await client.stop();
  });

  test("?kill=ID closes a peer, which comes back under another id", async () => {
    const flags = ["--tap", TAP, "--address", "10.78.0.2/24"];
    const client = await startClient(clientNamespace, [...flags, url("/vpn", "bob:xyz@")]);
    const killed = peersOf(await get(door, "/control")).at(-1)?.id;
    const answer = await get(door, `/control?kill=${killed}`);
    assert.deepEqual([answer.status, answer.body], [200, '{"status":"ok"}']);
    await client.waitForEvent("client.disconnected");
    await client.waitForEvent("client.connected", 2);
    const ids = peersOf(await get(door, "/control")).map(({ id }) => id);
    assert.ok(ids.length === 2 && !ids.includes(Number(killed)), `ids ${ids} after ${killed} was killed`);
    assert.equal((await runPing(clientNamespace, { address: "10.78.0.1", count: 3 })).received, 3);
    await client.stop();
  });

  test("?kill= of nobody, of the TAP and of no number answers 404", async () => {
    for (const id of ["4711", "0", "1x", "-1", "99999999999999999999"]) {
      const answer = await get(door, `/control?kill=${id}`);
      assert.deepEqual([id, answer.status, answer.body], [id, 404, '{"status":"not found"}']);
    }
  });

  test("makes the client say what to do about 502, and lets it in once the server is back", async () => {
    await server.stop();
    const { child } = startVpn(clientNamespace, ["client", url("/vpn", "bob:xyz@")]);
    const sentence = "The web server runs, the VPN server behind it does not answer";
    await child.waitUntil(
      "502",
      () => child.stderr.includes("answered 502 Bad Gateway") && child.stderr.includes(sentence),
    );
    server = await startServer(serverNamespace, serverFlags());
    await child.waitUntil("the connection", () => child.stderr.includes("connected to"));
    await child.stop();
  });
});

describe("nginx that asks for a client certificate", { skip: noLab }, () => {
  test("tells the server its subject, and refuses a client without one", async () => {
    const lab = await Lab.open();
    try {
      const [serverNamespace, clientNamespace] = [await lab.namespace("server"), await lab.namespace("client")];
      const host = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
      const { authority, server, client, directory } = await makeCertificates(lab, { server: [host], client: "ada" });
      const unixSocket = join(directory, "vpn.sock");
      const control = `location /control { include uwsgi_params; uwsgi_modifier1 1; uwsgi_pass unix:${unixSocket}; }`;
      const options = { tls: server, clientAuthority: authority.certificate, serverLines: ["listen 80;", control] };
      await startNginx(lab, serverNamespace, { location: "uwsgi-unix", unixSocket, ...options });
      await startServer(serverNamespace, ["--listen", `unix:${unixSocket}`]);
      const flags = ["--ca", authority.certificate, `wss://${host}/vpn`];
      await startClient(clientNamespace, ["--crt", client.certificate, "--key", client.key, ...flags]);
      const door = await openDoor(lab, serverNamespace, 80);
      assert.equal(peersOf(await get(door, "/control"))[0]?.DN, "CN=ada");
      const { child } = startVpn(clientNamespace, ["client", ...flags]);
      await child.waitUntil("the refusal", () => child.stderr.includes("answered 400 Bad Request"));
    } finally {
      await lab.close();
    }
  });
});
