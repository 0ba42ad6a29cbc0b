import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { type ConnectionOptions, connect, type SecureVersion, type TLSSocket } from "node:tls";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { shakeHands } from "../../../src/transport/handshake.ts";
import type { Incoming } from "../../../src/transport/incoming.ts";
import { ServerCertificate, type ServerCertificateValues } from "../../../src/transport/server-certificate.ts";
import { type Issued, TestAuthority } from "../../test-authority.ts";

const DAY_MS = 86_400_000;
const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const VERSIONS: readonly SecureVersion[] = ["TLSv1.2", "TLSv1.3"];

describe("server certificate", () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let own: Issued;
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  before(async () => {
    authority = await TestAuthority.make("our CA");
    stranger = await TestAuthority.make("another CA");
    own = await authority.issue("server", { usage: "serverAuth", names: [{ type: "dns", value: "localhost" }] });
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  after(() => assert.equal(servers.length, 0));

  const valuesOf = (more: Partial<ServerCertificateValues> = {}): ServerCertificateValues => ({
    certificate: own.certificate,
    key: own.key,
    clientCa: undefined,
    clientCrl: undefined,
    ...more,
  });

  interface Service {
    readonly port: number;
    readonly incoming: Incoming[];
    readonly refusals: string[];
  }

  /** A listener's handshake, and what came of it. */
  async function serve(tls: ServerCertificate): Promise<Service> {
    const incoming: Incoming[] = [];
    const refusals: string[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      sockets.push(socket.on("error", () => {}));
      const origin = { kind: "tcp", address: "" } as const;
      shakeHands(
        { clock: systemClock, tls },
        socket,
        { spoken: ["tls"], origin, timeoutMs: 10_000 },
        { done: (one) => incoming.push(one), refused: (reason) => refusals.push(reason) },
      );
    });
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return { port: (server.address() as AddressInfo).port, incoming, refusals };
  }

  function dial(service: Service, options: ConnectionOptions = {}): TLSSocket {
    const { port } = service;
    const socket = connect({ port, host: "127.0.0.1", ca: authority.certificate, servername: "localhost", ...options });
    sockets.push(socket.on("error", () => {}));
    return socket;
  }

  /** What the server made of a client with these options. */
  async function requestOf(service: Service, options: ConnectionOptions = {}): Promise<Incoming> {
    const { length } = service.incoming;
    dial(service, options).write(REQUEST);
    await waitFor("the request", () => service.incoming.length > length, { pollMs: 2 });
    return service.incoming[length] as Incoming;
  }

  for (const maxVersion of VERSIONS) {
    describe(`with client certificates, ${maxVersion}`, () => {
      const shown = ({ certificate: cert, key }: Issued): ConnectionOptions => ({ cert, key, maxVersion });

      test("knows who shows one of its CA, and nobody else", async () => {
        const [alice, revoked, expired, forged, usage] = await Promise.all([
          authority.issue("alice"),
          authority.issue("revoked"),
          authority.issue("expired", { lifeMs: -DAY_MS }),
          stranger.issue("alice"),
          authority.issue("for servers", { usage: "serverAuth" }),
        ]);
        const clientCrl = await authority.revoke([revoked.serialNumber]);
        const service = await serve(new ServerCertificate(valuesOf({ clientCa: authority.certificate, clientCrl })));
        const good = await requestOf(service, shown(alice));
        assert.equal(good.certificate?.subject, "CN=alice");
        assert.equal((good.socket as TLSSocket).getProtocol(), maxVersion);
        for (const [what, one] of Object.entries({ revoked, expired, forged, usage })) {
          assert.equal((await requestOf(service, shown(one))).certificate, undefined, what);
        }
        assert.equal((await requestOf(service, { maxVersion })).certificate, undefined, "none");
        assert.deepEqual(service.refusals, []);
      });

      test("trusts nobody by a revocation list that is past its next update, or of another CA", async () => {
        const alice = await authority.issue("alice");
        for (const clientCrl of [await authority.revoke([], -DAY_MS), await stranger.revoke([])]) {
          const service = await serve(new ServerCertificate(valuesOf({ clientCa: authority.certificate, clientCrl })));
          assert.equal((await requestOf(service, shown(alice))).certificate, undefined);
        }
      });

      test("lets no session be resumed, so that a certificate is judged each time", async () => {
        const alice = await authority.issue("alice");
        const service = await serve(new ServerCertificate(valuesOf({ clientCa: authority.certificate })));
        const first = dial(service, shown(alice));
        const sessions: Buffer[] = [];
        first.on("session", (session) => sessions.push(session));
        first.write(REQUEST);
        await waitFor("the request", () => service.incoming.length === 1, { pollMs: 2 });
        service.incoming[0]?.socket.resume().end("bye");
        await once(first.resume(), "end");
        const session = sessions.at(-1) ?? first.getSession();
        const second = dial(service, { ...shown(alice), ...(session === undefined ? {} : { session }) });
        second.write(REQUEST);
        await waitFor("the second request", () => service.incoming.length === 2, { pollMs: 2 });
        assert.equal(second.isSessionReused(), false);
        assert.equal(service.incoming[1]?.certificate?.subject, "CN=alice");
      });
    });
  }

  test("asks for no certificate without a CA, and takes no renegotiation", async () => {
    const service = await serve(new ServerCertificate(valuesOf()));
    const alice = await authority.issue("alice");
    const options: ConnectionOptions = { cert: alice.certificate, key: alice.key, maxVersion: "TLSv1.2" };
    assert.equal((await requestOf(service, options)).certificate, undefined);
    const socket = dial(service, { maxVersion: "TLSv1.2" });
    await once(socket, "secureConnect");
    const failure = await new Promise<Error | null>((resolve) => {
      socket.renegotiate({}, resolve);
      socket.once("error", resolve);
      socket.once("close", () => resolve(new Error("closed")));
    });
    assert.ok(failure instanceof Error);
  });

  test("agrees on keys by elliptic curves only, the modern ones", async () => {
    const service = await serve(new ServerCertificate(valuesOf()));
    for (const [ecdhCurve, isSpoken] of [
      ["X25519", true],
      ["P-256", true],
      ["P-521", false],
      ["ffdhe2048", false],
    ] as const) {
      const socket = dial(service, { ecdhCurve });
      const outcome = await new Promise((resolve) => {
        socket.once("secureConnect", () => resolve(true)).once("close", () => resolve(false));
      });
      assert.equal(outcome, isSpoken, ecdhCurve);
    }
  });

  test("a connection that is cut between TLS and request is refused as gone", async () => {
    const service = await serve(new ServerCertificate(valuesOf({ clientCa: authority.certificate })));
    const alice = await authority.issue("alice");
    await once(dial(service, { cert: alice.certificate, key: alice.key, maxVersion: "TLSv1.2" }), "secureConnect");
    // The server's own end below TLS, as when a listener closes or makes room.
    const accepted = sockets.find((socket) => socket.localPort === service.port);
    accepted?.destroy();
    await waitFor("the refusal", () => service.refusals.length === 1, { pollMs: 2 });
    assert.deepEqual(service.refusals, ["gone"]);
  });

  test("is replaced for the next connection, and the connections that stand go on", async () => {
    const tls = new ServerCertificate(valuesOf());
    const service = await serve(tls);
    const before = dial(service);
    await once(before, "secureConnect");
    const renewed = await authority.issue("renewed", {
      usage: "serverAuth",
      names: [{ type: "dns", value: "localhost" }],
    });
    const pin = tls.pin;
    tls.replace(valuesOf({ certificate: renewed.certificate, key: renewed.key }));
    assert.notEqual(tls.pin, pin);
    const later = dial(service);
    await once(later, "secureConnect");
    assert.equal(later.getPeerCertificate().subject.CN, "renewed");
    before.write(REQUEST);
    await waitFor("the request of the first", () => service.incoming.length === 1, { pollMs: 2 });
    service.incoming[0]?.socket.end("still here");
    const [bytes] = await once(before, "data");
    assert.equal(String(bytes), "still here");
  });

  test("refuses values that do not fit, in words without the key, and goes on with the old ones", async () => {
    const tls = new ServerCertificate(valuesOf());
    const pin = tls.pin;
    const other = await authority.issue("other");
    const crl = await authority.revoke([]);
    const bad = [
      [{ key: other.key }, "TLS_FILES_INVALID"],
      [{ certificate: "nothing" }, "TLS_FILES_INVALID"],
      [{ key: "" }, "TLS_FILES_INVALID"],
      [{ clientCa: "nothing" }, "CLIENT_CA_INVALID"],
      [{ clientCa: authority.certificate, clientCrl: "nothing" }, "CLIENT_CA_INVALID"],
      [{ clientCrl: crl }, "CLIENT_CA_INVALID"],
    ] as const;
    for (const [more, code] of bad) {
      assert.throws(
        () => tls.replace(valuesOf(more)),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.equal(error.code, code, JSON.stringify(Object.keys(more)));
          assert.ok(!`${error.message}${error.stack}`.includes(own.key.slice(40, 80)));
          return true;
        },
      );
    }
    assert.equal(tls.pin, pin);
    assert.ok(tls.expiresMs > Date.now());
    await requestOf(await serve(tls));
  });
});
