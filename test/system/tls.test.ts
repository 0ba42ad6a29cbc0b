/** TLS of our own, on https listeners and found by the first bytes: who is trusted, who is not, and what is said then. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { type Certificates, makeCertificates } from "../../lab/certificates.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { buildNetwork, type Site } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { startClient, startServer, startVpn } from "../../lab/vpn.ts";
import { encodeUwsgi } from "../../src/wire/uwsgi.ts";
import { knock, openDoor } from "./door.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

const noLab = await whyNoLab("openssl");
const PORT = 8443;
const TCP_PORT = 3031;
const HEALTH_REQUEST = "GET /healthz HTTP/1.1\r\nHost: vpn\r\n\r\n";

test("wss carries pings and large transfers both ways", { skip: noLab }, async () => {
  const lab = await Lab.open();
  try {
    const { server, clients } = await buildNetwork(lab, { tls: true });
    const [first, second] = clients as [Site, Site];
    for (const { ipv4: address } of [server, second]) {
      assert.equal((await runPing(first.namespace, { address, count: 3 })).received, 3);
    }
    await transferBothWays(first.namespace, server.namespace, server.ipv4, 48 * MEBIBYTE);
    await transferBothWays(first.namespace, second.namespace, second.ipv6, 48 * MEBIBYTE);
  } finally {
    await lab.close();
  }
});

describe("a server with a certificate of a private CA", { skip: noLab }, () => {
  let lab: Lab;
  let serverNamespace: Namespace;
  let clientNamespace: Namespace;
  let certificates: Certificates;
  /** In the certificate, and not. */
  let named: string;
  let unnamed: string;
  let unixSocket: string;

  before(async () => {
    lab = await Lab.open();
    [serverNamespace, clientNamespace] = [await lab.namespace("server"), await lab.namespace("client")];
    named = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
    unnamed = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
    certificates = await makeCertificates(lab, { server: ["localhost", named] });
    unixSocket = join(certificates.directory, "vpn.sock");
    const { certificate, key } = certificates.server;
    const addresses = [
      `https://0.0.0.0:${PORT}`,
      "http://0.0.0.0:8080",
      `tcp://127.0.0.1:${TCP_PORT}`,
      `unix:${unixSocket}`,
    ];
    const listen = addresses.flatMap((address) => ["--listen", address]);
    await startServer(serverNamespace, [...listen, "--allow-anonymous", "--tls-cert", certificate, "--tls-key", key]);
  });
  after(() => lab?.close());

  /** Runs a client until its standard error holds all of the texts. */
  async function assertSays(argv: readonly string[], ...texts: readonly string[]): Promise<void> {
    const { child } = startVpn(clientNamespace, ["client", ...argv]);
    await child.waitUntil(texts.join(" … "), () => texts.every((text) => child.stderr.includes(text)));
    await child.stop();
  }

  test("is trusted with --ca, by its address and by its name", async () => {
    const trust = ["--ca", certificates.authority.certificate];
    const byAddress = await startClient(clientNamespace, [...trust, `wss://${named}:${PORT}/`]);
    const byName = await startClient(serverNamespace, [...trust, `wss://localhost:${PORT}/`]);
    await Promise.all([byAddress.stop(), byName.stop()]);
  });

  test("is refused by a client that does not know the CA, with a sentence", async () => {
    const url = `wss://${named}:${PORT}/`;
    const refusal = `does not trust the certificate of ${url}`;
    await assertSays([url], refusal, "give its file with --ca");
    await assertSays(["--ca", certificates.stranger.certificate, url], refusal, "give its file with --ca");
  });

  test("is refused under another name, with a sentence", async () => {
    const url = `wss://${unnamed}:${PORT}/`;
    const refusal = `does not trust the certificate of ${url}`;
    const hint = "The certificate is for another name: dial the server by a name that is in it.";
    await assertSays(["--ca", certificates.authority.certificate, url], refusal, hint);
  });

  test("is taken unseen with --no-verify, with a warning", async () => {
    const warning = "--no-verify: whoever sits on the path can read and change everything";
    const url = `wss://${unnamed}:${PORT}/`;
    await assertSays(["--no-verify", url], warning, `connected to ${url} (v2)`);
  });

  test("answers plain HTTP on its https port with a status", async () => {
    const url = `ws://${named}:${PORT}/`;
    await assertSays([url], `${url} answered 400 Bad Request`);
    const text = await exchange(knock(await openDoor(lab, serverNamespace, PORT)), HEALTH_REQUEST);
    assert.match(text, /^HTTP\/1\.1 400 .*\r\n\r\nThis port speaks TLS: use https or wss\.\n$/s);
  });

  test("lets a client that speaks TLS to its http port say so", async () => {
    await assertSays([`wss://${named}:8080/`], "The port does not speak TLS: use ws:// for a plain one.");
  });

  test("speaks TLS 1.2 and 1.3 with openssl, and nothing older", async () => {
    for (const [version, isSpoken] of [
      ["tls1_1", false],
      ["tls1_2", true],
      ["tls1_3", true],
    ] as const) {
      const trust = `-CAfile ${certificates.authority.certificate} -verify_return_error -verify_ip ${named}`;
      const client = `openssl s_client -quiet -ign_eof -connect 127.0.0.1:${PORT} -alpn http/1.1 -${version} ${trust}`;
      const request = "printf 'GET /healthz HTTP/1.1\\r\\nHost: vpn\\r\\n\\r\\n'";
      const { stdout } = await serverNamespace.run(["sh", "-c", `${request} | ${client}`], { allowFailure: true });
      assert.deepEqual([version, stdout.includes('{"status":"ok"')], [version, isSpoken]);
    }
  });

  for (const kind of ["unix", "tcp"] as const) {
    test(`tells uwsgi, HTTP and TLS apart on its ${kind} listener, even byte by byte`, async () => {
      const path = kind === "unix" ? unixSocket : await openDoor(lab, serverNamespace, TCP_PORT);
      const packet = encodeUwsgi(0, [["REQUEST_URI", "/healthz"]]);
      for (const request of [Buffer.from(HEALTH_REQUEST), Buffer.from(packet)]) {
        assert.match(await exchange(knock(path), request), /^HTTP\/1\.1 200 OK\r\n.*\{"status":"ok"/s);
        assert.match(await dribble(knock(path), request), /^HTTP\/1\.1 200 OK\r\n.*\{"status":"ok"/s);
      }
      const ca = readFileSync(certificates.authority.certificate);
      const secure = connectTls({ socket: knock(path), ca, servername: "localhost" });
      assert.match(await exchange(secure, HEALTH_REQUEST), /^HTTP\/1\.1 200 OK\r\n.*\{"status":"ok"/s);
    });
  }
});

/** Sends a request and gives everything that comes back until the server closes. */
async function exchange(socket: Socket, request: Uint8Array | string): Promise<string> {
  socket.write(request);
  return readAll(socket);
}

/** The same, in pieces of one byte, each in a packet of its own. */
async function dribble(socket: Socket, request: Uint8Array): Promise<string> {
  for (const byte of request) await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
  return readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
