import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Certificates, makeCertificates } from "../../../lab/certificates.ts";
import { Lab } from "../../../lab/namespace.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { PeerError } from "../../../src/base/errors.ts";
import { UpgradeRefusedError } from "../../../src/transport/dial-error.ts";
import { type DialOptions, dial } from "../../../src/transport/dialer.ts";
import { keyPin } from "../../../src/transport/key-pin.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import type { UpgradedSocket } from "../../../src/transport/upgraded-socket.ts";
import { STRAIGHT } from "../../../src/transport/way-out.ts";
import { DEFAULT_HTTP_LIMITS, formatResponse, parseRequestHead } from "../../../src/wire/http.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { acceptOpening, openingFromHttp } from "../../../src/wire/opening.ts";
import { HandClock } from "../../hand-clock.ts";
import { ToldServers, upgrading } from "./told-servers.ts";

const SECRET = { kind: "basic", user: "alice", password: "s3cret" } as const;
const NO_TLS = { ca: undefined, cert: undefined, key: undefined, pins: [], verify: true };
/** The limit of the step, and the next attempt. */
const TIMERS_OF_CONNECTING = 2;

describe("dialer", () => {
  const lab = new Lab();
  let certificates: Certificates;
  const told = new ToldServers();
  const { servers, sockets } = told;
  const serve: ToldServers["serve"] = (...how) => told.serve(...how);

  before(async () => {
    certificates = await makeCertificates(lab, { server: ["localhost", "127.0.0.1"], client: "laptop" });
  });
  after(() => lab.close());
  afterEach(() => told.clear());

  const pem = (file: string): Buffer => readFileSync(file);

  const answer = (text: string | Uint8Array) => (socket: Socket) => void socket.once("data", () => socket.end(text));

  async function dialTo(
    url: string,
    options: Partial<DialOptions> = {},
    { clock = systemClock, signal = new AbortController().signal }: { clock?: Clock; signal?: AbortSignal } = {},
  ): Promise<UpgradedSocket> {
    const dialed = await dial(
      clock,
      {
        url: parseServerUrl(url),
        way: STRAIGHT,
        tls: NO_TLS,
        credentials: SECRET,
        mac: "02:00:00:00:00:01" as Mac,
        bridge: false,
        dialects: ["v2", "v1"],
        timeoutMs: 10_000,
        ...options,
      },
      signal,
    );
    sockets.push(dialed.socket);
    return dialed;
  }

  /** The dial fails with this code, in words that match, a hint that matches, and no secret anywhere. */
  async function failsWith(
    dialing: Promise<UpgradedSocket>,
    code: string,
    message: RegExp,
    hint?: RegExp,
  ): Promise<void> {
    await assert.rejects(dialing, (error) => {
      assert.ok(error instanceof PeerError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      if (hint !== undefined) assert.match(error.hint ?? "(no hint)", hint);
      const secrets = /s3cret|YWxpY2U/;
      assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, secrets);
      return true;
    });
  }

  test("opens a WebSocket with user, MAC and bridge told, and gives what came behind the answer", async () => {
    const requests: string[] = [];
    const port = await serve(upgrading(requests, "frames"));
    const dialed = await dialTo(`ws://127.0.0.1:${port}/vpn?x=y`, { bridge: true });
    assert.deepEqual([dialed.dialect, dialed.rest.toString(), dialed.socket.isPaused()], ["v2", "frames", true]);
    const [request = ""] = requests;
    assert.match(request, /^GET \/vpn\?x=y HTTP\/1\.1\r\n/);
    for (const line of [
      `Host: 127.0.0.1:${port}`,
      "X-vpn-ws-MAC: 02:00:00:00:00:01",
      "X-vpn-ws-bridge: on",
      "Sec-WebSocket-Protocol: vpn-ws.v2",
      `Authorization: Basic ${Buffer.from("alice:s3cret").toString("base64")}`,
    ]) {
      assert.ok(request.includes(`\r\n${line}\r\n`), line);
    }
  });

  test("sends no Authorization without credentials, and offers no dialect but those wanted", async () => {
    const requests: string[] = [];
    const port = await serve(upgrading(requests));
    const { dialect } = await dialTo(`ws://127.0.0.1:${port}/`, { credentials: undefined, dialects: ["v1"] });
    assert.equal(dialect, "v1");
    assert.doesNotMatch(requests[0] ?? "", /Authorization|Sec-WebSocket-Protocol|bridge/i);
  });

  test("reaches a name by each of its addresses, and IPv6 by address", async () => {
    const addresses = await lookup("localhost", { all: true });
    for (const { address } of addresses) {
      const port = await serve(upgrading([]), undefined, address);
      assert.equal((await dialTo(`ws://localhost:${port}/`)).dialect, "v2");
    }
    const port = await serve(upgrading([]), undefined, "::1");
    assert.equal((await dialTo(`ws://[::1]:${port}/`)).dialect, "v2");
  });

  describe("over TLS", () => {
    const keyPair = () => ({ cert: pem(certificates.server.certificate), key: pem(certificates.server.key) });

    test("checks name and CA, sends SNI and ALPN, and shows its own certificate", async () => {
      const secured: TLSSocket[] = [];
      const ca = pem(certificates.authority.certificate);
      const port = await serve(
        (socket) => {
          secured.push(socket as TLSSocket);
          upgrading([])(socket);
        },
        { ...keyPair(), ca, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ["h2", "http/1.1"] },
      );
      const tls = { ...NO_TLS, ca, cert: pem(certificates.client.certificate), key: pem(certificates.client.key) };
      assert.equal((await dialTo(`wss://localhost:${port}/`, { tls })).dialect, "v2");
      const [socket] = secured;
      assert.equal(socket?.alpnProtocol, "http/1.1");
      assert.equal((socket as unknown as { servername: string }).servername, "localhost");
      assert.equal(socket?.getPeerCertificate().subject.CN, "laptop");
      assert.match(socket?.getProtocol() ?? "", /TLSv1\.[23]/);
      await dialTo(`wss://127.0.0.1:${port}/`, { tls });
    });

    test("refuses an issuer that nobody vouches for, and takes it unverified only if told so", async () => {
      const port = await serve(upgrading([]), keyPair());
      const url = `wss://localhost:${port}/`;
      await failsWith(dialTo(url), "CONNECT_FAILED", /does not trust the certificate of wss:\/\/localhost/, /--ca/);
      const stranger = { ...NO_TLS, ca: pem(certificates.stranger.certificate) };
      await failsWith(dialTo(url, { tls: stranger }), "CONNECT_FAILED", /does not trust/, /--ca/);
      assert.equal((await dialTo(url, { tls: { ...NO_TLS, verify: false } })).dialect, "v2");
    });

    test("refuses a self-made certificate with a hint", async () => {
      const { certificate, key } = certificates.stranger;
      const port = await serve(upgrading([]), { cert: pem(certificate), key: pem(key) });
      await failsWith(dialTo(`wss://localhost:${port}/`), "CONNECT_FAILED", /does not trust/, /self-made|private CA/);
    });

    test("refuses a certificate for another name with a hint", async () => {
      const lone = new Lab();
      const { authority, server } = await makeCertificates(lone, { server: ["elsewhere.example"] });
      const port = await serve(upgrading([]), { cert: pem(server.certificate), key: pem(server.key) });
      const tls = { ...NO_TLS, ca: pem(authority.certificate) };
      await failsWith(dialTo(`wss://localhost:${port}/`, { tls }), "CONNECT_FAILED", /altnames/, /another name/);
      await lone.close();
    });

    describe("with pins", () => {
      const pin = (): string => keyPin(new X509Certificate(pem(certificates.server.certificate)));
      const other = (): string => keyPin(new X509Certificate(pem(certificates.stranger.certificate)));

      test("takes the key that is pinned, whoever signed its certificate and for whichever name", async () => {
        const port = await serve(upgrading([]), keyPair());
        for (const verify of [true, false]) {
          const tls = { ...NO_TLS, pins: [other(), pin()], verify };
          assert.equal((await dialTo(`wss://127.0.0.1:${port}/`, { tls })).dialect, "v2");
        }
      });

      test("sends nothing to another key, though its CA is trusted or nothing is verified", async () => {
        const heard: Buffer[] = [];
        const port = await serve((socket) => void socket.on("data", (bytes) => heard.push(bytes)), keyPair());
        const url = `wss://localhost:${port}/`;
        for (const more of [{ verify: false }, { ca: pem(certificates.authority.certificate) }, {}]) {
          const dialing = dialTo(url, { tls: { ...NO_TLS, ...more, pins: [other()] } });
          const message = new RegExp(`expected ${other()}, seen ${pin()}`.replaceAll(/[+/.]/g, "\\$&"));
          await failsWith(dialing, "PIN_MISMATCH", message, /Nothing was sent/);
        }
        await waitFor("the sockets to go", () => sockets.every(({ destroyed }) => destroyed));
        assert.deepEqual(heard, []);
      });
    });

    test("leaves no socket if the upgrade is refused", async () => {
      const port = await serve(
        (socket) => void socket.once("data", () => socket.write(formatResponse(404, []))),
        keyPair(),
      );
      const tls = { ...NO_TLS, verify: false };
      await failsWith(dialTo(`wss://127.0.0.1:${port}/`, { tls }), "UPGRADE_REFUSED", /404/);
      await waitFor("the socket to go", () => sockets.length === 1 && sockets[0]?.destroyed);
    });

    test("says so if the port does not speak TLS", async () => {
      const port = await serve(answer("HTTP/1.1 400 Bad Request\r\n\r\n"));
      await failsWith(dialTo(`wss://127.0.0.1:${port}/`), "CONNECT_FAILED", /cannot connect/, /ws:\/\//);
    });
  });

  describe("fails with a hint", () => {
    test("if nothing listens, by address and by a name with several", async () => {
      const port = await serve(() => {});
      await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
      for (const host of ["127.0.0.1", "localhost"]) {
        await failsWith(dialTo(`ws://${host}:${port}/`), "CONNECT_FAILED", /ECONNREFUSED/, /Nothing listens/);
      }
    });

    test("if the name does not exist", async () => {
      await failsWith(dialTo("ws://no-such-host.invalid/"), "CONNECT_FAILED", /no-such-host/, /DNS/);
    });

    const statuses = [
      [301, /sends us elsewhere/],
      [302, /sends us elsewhere/],
      [401, /this user with this password: check --auth-file/],
      [403, /operator/],
      [404, /path/],
      [426, /Upgrade/],
      [409, /Another user/],
      [429, /wait/],
      [502, /is it started/],
      [503, /full|restarted/],
      [504, /in time/],
      [200, /VPN server/],
      [500, /VPN server/],
    ] as const;
    for (const [status, hint] of statuses) {
      test(`if the answer is ${status}`, async () => {
        const port = await serve(answer(formatResponse(status, [["Content-Type", "text/html"]], "<html>")));
        const url = `ws://127.0.0.1:${port}/vpn`;
        await failsWith(dialTo(url), "UPGRADE_REFUSED", new RegExp(`${url} answered ${status} `), hint);
      });
    }

    const shown = [
      ["nothing", undefined, /who you are: give an invite/],
      ["a token", { kind: "bearer", token: "s3cret-token" }, /ask the server's operator for a new invite/],
    ] as const;
    for (const [what, credentials, hint] of shown) {
      test(`if the answer to ${what} is 401`, async () => {
        const requests: string[] = [];
        const port = await serve((socket) => {
          socket.once("data", (bytes) => requests.push(String(bytes)));
          answer(formatResponse(401, []))(socket);
        });
        await failsWith(dialTo(`ws://127.0.0.1:${port}/`, { credentials }), "UPGRADE_REFUSED", /401/, hint);
        assert.equal(requests[0]?.includes("\r\nAuthorization: Bearer s3cret-token\r\n"), credentials !== undefined);
      });
    }

    test("with the server's own words, if they are short and plain, and with its Retry-After up to a minute", async () => {
      const plain = [["Content-Type", "text/plain; charset=utf-8"]] as const;
      const text = "Only at office hours.\u001b[2J\nsecond line";
      const bodies = [
        [
          formatResponse(403, [...plain, ["Retry-After", "7"]], text),
          /403 Forbidden: Only at office hours\. \[2J$/,
          7_000,
        ],
        [formatResponse(403, [...plain, ["Retry-After", "99999"]], "x".repeat(2_000)), /403 Forbidden$/, 60_000],
        [formatResponse(429, [["Content-Type", "text/html"]], "<html>"), /429 Too Many Requests$/, undefined],
        [formatResponse(403, [...plain, ["Retry-After", "soon"]], ""), /403 Forbidden$/, undefined],
      ] as const;
      for (const [bytes, message, retryAfterMs] of bodies) {
        // In two parts, so that the body comes behind the head.
        const port = await serve((socket) => {
          socket.once("data", () => {
            socket.write(bytes.subarray(0, bytes.length - 5));
            setImmediate(() => socket.write(bytes.subarray(bytes.length - 5)));
          });
        });
        await assert.rejects(dialTo(`ws://127.0.0.1:${port}/`), (error) => {
          assert.ok(error instanceof UpgradeRefusedError);
          assert.match(error.message, message);
          assert.equal(error.retryAfterMs, retryAfterMs);
          return true;
        });
      }
    });

    const oddities = [
      ["is no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", /is no VPN server/],
      ["switches to nothing", "HTTP/1.1 101 Switching Protocols\r\n\r\n", /other than a WebSocket/],
      [
        "has a wrong Sec-WebSocket-Accept",
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
        /does not match/,
      ],
      ["never ends", `HTTP/1.1 101 S\r\nX: ${"y".repeat(20_000)}`, /16384/],
      ["is empty", "", /without an answer/],
    ] as const;
    for (const [what, text, message] of oddities) {
      test(`if the answer ${what}`, async () => {
        const port = await serve(answer(text));
        await failsWith(dialTo(`ws://127.0.0.1:${port}/`), "UPGRADE_FAILED", message);
      });
    }

    test("if a v1 server answers and only v2 will do", async () => {
      const port = await serve(
        (socket) =>
          void socket.once("data", (bytes: Buffer) => {
            const head = parseRequestHead(bytes, 0, bytes.length, DEFAULT_HTTP_LIMITS);
            if (head.state !== "done") return;
            const headers = new Map(head.head.headers);
            headers.delete("sec-websocket-protocol");
            const opening = acceptOpening(openingFromHttp({ ...head.head, headers }));
            socket.write(formatResponse(101, opening.headers));
          }),
      );
      await failsWith(
        dialTo(`ws://127.0.0.1:${port}/`, { dialects: ["v2"] }),
        "UPGRADE_FAILED",
        /does not speak vpn-ws\.v2/,
      );
      assert.equal((await dialTo(`ws://127.0.0.1:${port}/`)).dialect, "v1");
    });

    test("if the answer does not come in time", async () => {
      const clock = new HandClock();
      const port = await serve((socket) => void socket.resume());
      const dialing = dialTo(`ws://127.0.0.1:${port}/`, {}, { clock });
      const failed = failsWith(dialing, "CONNECT_TIMEOUT", /answer to the upgrade took more than 10 s/, /firewall/);
      await waitFor("the second step", () => clock.timersSet === TIMERS_OF_CONNECTING + 1, { pollMs: 2 });
      clock.advance(10_000);
      await failed;
      await waitFor("the socket to go", () => sockets.every(({ destroyed }) => destroyed));
    });

    test("if TLS does not come about in time", async () => {
      const clock = new HandClock();
      const port = await serve((socket) => void socket.resume());
      const failed = failsWith(dialTo(`wss://127.0.0.1:${port}/`, {}, { clock }), "CONNECT_TIMEOUT", /connecting took/);
      await waitFor("the connection", () => sockets.length === 1);
      clock.advance(10_000);
      await failed;
    });
  });

  test("can be called off at each step, and leaves no socket and no timer", async () => {
    for (const steps of [1, 2]) {
      const clock = new HandClock();
      const abort = new AbortController();
      const port = await serve((socket) => void socket.resume());
      const dialing = dialTo(`ws://127.0.0.1:${port}/`, {}, { clock, signal: abort.signal });
      if (steps === 2) {
        await waitFor("the second step", () => clock.timersSet === TIMERS_OF_CONNECTING + 1, { pollMs: 1 });
      }
      abort.abort();
      await assert.rejects(dialing, PeerError);
      assert.equal(clock.timers, 0);
      await waitFor("the socket to go", () => sockets.every(({ destroyed }) => destroyed));
    }
  });

  test("a dial that was called off before it began makes no connection", async () => {
    let connections = 0;
    const port = await serve(() => void connections++);
    await assert.rejects(dialTo(`ws://127.0.0.1:${port}/`, {}, { signal: AbortSignal.abort() }), PeerError);
    assert.equal(connections, 0);
  });
});
