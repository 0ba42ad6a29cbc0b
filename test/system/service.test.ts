/** A service's life: the original's command lines, privileges given up, restarts survived, secrets kept, an orderly end. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { startNginx } from "../../lab/nginx.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { startClient, startLegacyClient, startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";
import { get, knock } from "./door.ts";
import { MessageReader } from "./legacy-peers/section-one.ts";
import { MEBIBYTE, Transfer, transferBothWays } from "./transfer.ts";

const noLab = await whyNoLab("nginx");
const NOBODY = 65_534;
const JSON_LOG = ["--log-format", "json"];

/** Lines of /proc/PID/status of every thread, e.g. all that begin with `Uid:`; equal lines once. */
function statusLines(pid: number, name: string): string[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lines = threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8").split("\n"));
  return [...new Set(lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.trimEnd()))];
}

const deviceIsThere = async (namespace: Namespace): Promise<boolean> =>
  (await namespace.ip("-o", "link")).includes(` ${TAP}:`);

describe("a service", { skip: noLab }, () => {
  let lab: Lab;
  let hub: Namespace;
  let directory: string;
  let socket: string;

  beforeEach(async () => {
    lab = await Lab.open();
    hub = await lab.namespace("server");
    directory = mkdtempSync(join(tmpdir(), "vpnws-service-"));
    chmodSync(directory, 0o755);
    lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
    socket = join(directory, "vpn.sock");
  });
  afterEach(() => lab?.close());

  /** A namespace with a cable to the server's, and the URL to dial from there. */
  async function addSite(label: string, port = 80): Promise<{ site: Namespace; url: string }> {
    const site = await lab.namespace(label);
    const { ipv4 } = await lab.link(site, hub);
    return { site, url: `ws://${ipv4[1]}:${port}/vpn` };
  }

  test("runs by the original's command lines, as nobody, without a single right left", async () => {
    await startNginx(lab, hub, { location: "uwsgi-unix", unixSocket: socket });
    const setUp = (address: string): string => `ip address add ${address}/24 dev ${TAP} && ip link set ${TAP} up`;
    const flags = ["--bridge", "--no-broadcast", "--no-multicast", "--uid", "nobody", "--gid", "nogroup"];
    const argv = ["--tuntap", TAP, "--exec", setUp("10.80.0.1"), ...flags, ...JSON_LOG, socket];
    const server = startVpn(hub, argv);
    await server.waitForEvent("server.ready");
    const { site, url } = await addSite("client");
    const client = startLegacyClient(site, ["--exec", setUp("10.80.0.2"), "--bridge", ...JSON_LOG, TAP, url]);
    await client.waitForEvent("client.connected");
    assert.equal((await runPing(site, { address: "10.80.0.1", count: 3 })).received, 3);
    await transferBothWays(site, hub, "10.80.0.1", 16 * MEBIBYTE);

    const { pid } = server.child;
    const ids = `\t${NOBODY}`.repeat(4);
    assert.deepEqual(statusLines(pid, "Uid"), [`Uid:${ids}`]);
    assert.deepEqual(statusLines(pid, "Gid"), [`Gid:${ids}`]);
    assert.deepEqual(statusLines(pid, "Groups"), ["Groups:"]);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      assert.deepEqual(statusLines(pid, set), [`${set}:\t${"0".repeat(16)}`]);
    }
    assert.equal((await server.stop()).status, 0);
    assert.equal(await deviceIsThere(hub), false);
  });

  test("keeps broadcast from ordinary ports with --no-broadcast", async () => {
    const flags = ["--listen", "http://0.0.0.0:80", "--allow-anonymous", "--no-broadcast"];
    await startServer(hub, [...flags, "--tap", TAP, "--address", "10.80.0.1/24"]);
    const { site, url } = await addSite("client");
    await startClient(site, ["--tap", TAP, "--address", "10.80.0.2/24", url]);
    const silent = await runPing(site, { address: "10.80.0.1", count: 1, deadlineSeconds: 1 });
    assert.equal(silent.received, 0, "ARP is broadcast, and the server's TAP is no bridge port");
  });

  test("drains on SIGTERM: every client is told 1001, the TAP and the socket go, the exit code is 0", async () => {
    const listen = ["--listen", `unix:${socket}`, "--listen", "http://0.0.0.0:80", "--allow-anonymous"];
    const server = await startServer(hub, [...listen, "--tap", TAP, "--address", "10.80.0.1/24"]);
    const { site, url } = await addSite("client");
    const client = await startClient(site, ["--tap", TAP, url]);
    const raw = knock(socket).setNoDelay();
    const received: Buffer[] = [];
    raw.on("data", (chunk: Buffer) => received.push(chunk));
    const headers = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAA==\r\n";
    raw.write(`GET / HTTP/1.1\r\nHost: vpn\r\n${headers}\r\n`);
    await server.waitForEvent("peer.joined", 2);
    const { status } = await server.stop();

    assert.equal(status, 0);
    assert.equal(await deviceIsThere(hub), false);
    assert.equal(existsSync(socket), false);
    const told = await client.waitForEvent("client.disconnected");
    assert.match(String(told.msg), /^disconnected: the server is shutting down/);
    const bytes = Buffer.concat(received);
    const messages = new MessageReader().push(bytes.subarray(bytes.indexOf("\r\n\r\n") + 4));
    const close = messages.find(({ opcode }) => opcode === 8);
    assert.equal(close?.payload.readUInt16BE(0), 1001);
    assert.equal(close?.payload.toString("utf8", 2), "the server is shutting down");
  });

  test("says goodbye as a client, too, and takes its TAP along", async () => {
    const server = await startServer(hub, ["--listen", "http://0.0.0.0:80", "--allow-anonymous"]);
    const { site, url } = await addSite("client");
    const client = await startClient(site, ["--tap", TAP, url]);
    assert.equal((await client.stop()).status, 0);
    assert.equal(await deviceIsThere(site), false);
    assert.equal((await server.waitForEvent("peer.left")).code, 1001);
  });

  test("keeps the client's TAP and a TCP connection through a restart of the server", async () => {
    const flags = ["--listen", "http://0.0.0.0:80", "--allow-anonymous"];
    let server = await startServer(hub, flags);
    const [first, second] = [await addSite("client1"), await addSite("client2")];
    const clients: VpnProcess[] = [];
    for (const [index, { site, url }] of [first, second].entries()) {
      clients.push(await startClient(site, ["--tap", TAP, "--address", `10.80.0.${index + 2}/24`, url]));
    }
    const before = await first.site.ip("-o", "address", "show", "dev", TAP, "scope", "global");
    const transfer = await Transfer.start(first.site, second.site, "10.80.0.3", 384 * MEBIBYTE);
    await waitFor("bytes under way", async () => {
      const { stdout } = await second.site.run(["cat", `/sys/class/net/${TAP}/statistics/rx_bytes`]);
      return Number(stdout) > MEBIBYTE;
    });
    await server.stop();
    assert.equal(transfer.running, true, "the server left in the middle of the transfer");
    server = await startServer(hub, flags);
    for (const client of clients) await client.waitForEvent("client.connected", 2);
    await transfer.verify();
    assert.equal(await first.site.ip("-o", "address", "show", "dev", TAP, "scope", "global"), before);
  });

  test("has the same MAC again when it was killed and comes back, so that nobody sends to the old one", async () => {
    const flags = ["--listen", "http://0.0.0.0:80", "--allow-anonymous", "--tap", TAP];
    const server = await startServer(hub, flags);
    const macOf = async (): Promise<string> => (await hub.run(["cat", `/sys/class/net/${TAP}/address`])).stdout.trim();
    const before = await macOf();
    server.child.kill("SIGKILL");
    await server.child.ended;
    await startServer(hub, flags);
    assert.equal(await macOf(), before);
    assert.match(before, /^[0-9a-f][26ae]:/, "unicast, locally administered");
  });

  test("shows a URL's password neither in its command line nor in its log", async () => {
    const secret = "geheim4711";
    await startServer(hub, ["--listen", "http://0.0.0.0:80", "--allow-anonymous"]);
    const { site, url } = await addSite("client");
    const client = startVpn(site, [
      "client",
      ...JSON_LOG,
      "--log-level",
      "trace",
      url.replace("//", `//ada:${secret}@`),
    ]);
    await client.waitForEvent("client.connected");
    assert.ok(!readFileSync(`/proc/${client.child.pid}/cmdline`, "latin1").includes(secret));
    const { stdout, stderr } = await client.stop();
    assert.ok(!(stdout + stderr).includes(secret));
    assert.equal(client.events("client.credentials").length, 1, "it warns of a password in the URL");
  });

  test("hands no secret to --exec, but the name of the TAP", async () => {
    await startServer(hub, ["--listen", "http://0.0.0.0:80", "--allow-anonymous"]);
    const { site, url } = await addSite("client");
    const file = join(directory, "environment");
    const environment = { VPN_WS_AUTH: "ada:geheim4711" };
    await startClient(site, ["--tap", TAP, "--exec", `env > ${file}`, url], { environment });
    const seen = readFileSync(file, "utf8");
    assert.ok(!seen.includes("geheim4711"));
    assert.match(seen, new RegExp(`^VPN_WS_TAP=${TAP}$`, "m"));
  });

  test("tells its health, and how many peers it has", async () => {
    const listen = ["--listen", `unix:${socket}`, "--listen", "http://0.0.0.0:80", "--allow-anonymous"];
    await startServer(hub, listen);
    const { site, url } = await addSite("client");
    const client = await startClient(site, [url]);
    const { status, headers, body } = await get(socket, "/healthz");
    assert.deepEqual([status, headers["content-type"], body], [200, "application/json", '{"status":"ok","peers":1}\n']);
    await client.stop();
    await waitFor("no peer", async () => (await get(socket, "/healthz")).body === '{"status":"ok","peers":0}\n');
  });

  test("takes over a socket that a killed server left behind", async () => {
    const killed = await startServer(hub, ["--listen", `unix:${socket}`]);
    killed.child.kill("SIGKILL");
    await killed.child.ended;
    assert.ok(existsSync(socket));
    await startServer(hub, ["--listen", `unix:${socket}`]);
    assert.equal((await get(socket, "/healthz")).status, 200);
  });

  test("stops with a sentence when its TAP is deleted", async () => {
    const server = await startServer(hub, ["--listen", `unix:${socket}`, "--tap", TAP]);
    await hub.ip("link", "delete", TAP);
    const { status, stderr } = await server.child.ended;
    assert.equal(status, 1);
    assert.match(stderr, /The TAP device "vpn0" is gone: it was deleted while in use\./);
  });
});
