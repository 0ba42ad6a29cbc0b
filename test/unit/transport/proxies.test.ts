/** The dialer behind proxies that do as told; real ones are in test/system/ways-out.test.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, afterEach, before, describe, mock, test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { type Certificates, makeCertificates } from "../../../lab/certificates.ts";
import { Lab } from "../../../lab/namespace.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { PeerError } from "../../../src/base/errors.ts";
import { dial } from "../../../src/transport/dialer.ts";
import { ProxyLogin } from "../../../src/transport/proxy-login.ts";
import { parseProxyUrl } from "../../../src/transport/proxy-url.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import type { UpgradedSocket } from "../../../src/transport/upgraded-socket.ts";
import { STRAIGHT, type WayOut } from "../../../src/transport/way-out.ts";
import { formatResponse } from "../../../src/wire/http.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";
import { ToldServers, upgrading } from "./told-servers.ts";

const TLS = { ca: undefined, cert: undefined, key: undefined, pins: [], verify: true };
const BASIC = `Basic ${Buffer.from("ada:s3cret").toString("base64")}`;

describe("the dialer behind a proxy", () => {
  const lab = new Lab();
  let certificates: Certificates;
  const told = new ToldServers();
  const { servers, sockets } = told;
  const serve: ToldServers["serve"] = (...how) => told.serve(...how);

  before(async () => {
    certificates = await makeCertificates(lab, { server: ["localhost", "vpn.example"] });
  });
  after(() => lab.close());
  afterEach(() => told.clear());

  const pem = (file: string): Buffer => readFileSync(file);
  const keyPair = () => ({ cert: pem(certificates.server.certificate), key: pem(certificates.server.key) });

  interface Seen {
    connections: number;
    readonly requests: string[];
    readonly logins: (string | undefined)[];
  }

  /**
   * A proxy that makes tunnels to 127.0.0.1, whatever the name. `refuse` says what it answers before that: undefined to
   * go on; `number`: which request on this connection it is.
   */
  function tunnelling(
    seen: Seen,
    refuse: (login: string | undefined, seen: Seen) => string | Uint8Array | undefined = () => undefined,
  ) {
    return (socket: Socket): void => {
      seen.connections++;
      const onData = (bytes: Buffer): void => {
        const [line = "", ...lines] = bytes.toString("latin1").split("\r\n");
        const login = lines.find((one) => one.startsWith("Proxy-Authorization: "))?.slice(21);
        seen.requests.push(line);
        seen.logins.push(login);
        const refusal = refuse(login, seen);
        if (refusal !== undefined) return void socket.write(refusal);
        const [, port] = /^CONNECT \S+:(\d+) HTTP\/1\.1$/.exec(line) ?? [];
        socket.off("data", onData);
        const onward = connect(Number(port), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          socket.pipe(onward).pipe(socket);
        });
        sockets.push(onward.on("error", () => {}));
      };
      socket.on("data", onData);
    };
  }
  const nothingSeen = (): Seen => ({ connections: 0, requests: [], logins: [] });

  const wayBy = (proxyUrl: string, more: Partial<WayOut> = {}): WayOut => {
    const proxy = parseProxyUrl(proxyUrl, "--proxy");
    return { ...STRAIGHT, proxyFor: () => proxy, ...more };
  };

  async function dialBy(way: WayOut, url: string, clock: Clock = systemClock): Promise<UpgradedSocket> {
    const tls = { ...TLS, ca: pem(certificates.authority.certificate) };
    const who = { credentials: undefined, mac: "02:00:00:00:00:01" as Mac, bridge: false };
    const options = { url: parseServerUrl(url), way, tls, ...who, dialects: ["v2", "v1"], timeoutMs: 10_000 } as const;
    const dialed = await dial(clock, options, new AbortController().signal);
    sockets.push(dialed.socket);
    return dialed;
  }

  async function failsWith(
    dialing: Promise<UpgradedSocket>,
    code: string,
    message: RegExp,
    hint: RegExp,
  ): Promise<void> {
    const before = sockets.length;
    await assert.rejects(dialing, (error) => {
      assert.ok(error instanceof PeerError, String(error));
      assert.deepEqual([error.code, error.message.split("\n").length], [code, 1]);
      assert.match(error.message, message);
      assert.match(error.hint ?? "(no hint)", hint);
      const all = `${error.message} ${error.hint} ${error.stack} ${inspect(error.cause)}`;
      assert.doesNotMatch(all, /s3cret|YWRhOnMzY3JldA/);
      return true;
    });
    const isOver = ({ destroyed, readableEnded }: Socket): boolean => destroyed || readableEnded;
    await waitFor("every socket to go", () => sockets.slice(before).every(isOver));
  }

  describe("over HTTP", () => {
    test("makes a tunnel by name, for ws and wss, and what comes is the server's", async () => {
      const seen = nothingSeen();
      const proxy = await serve(tunnelling(seen));
      const requests: string[] = [];
      const plain = await serve(upgrading(requests));
      const secure = await serve(upgrading(requests), keyPair());
      const way = wayBy(`http://127.0.0.1:${proxy}`);
      assert.equal((await dialBy(way, `ws://vpn.example:${plain}/a`)).dialect, "v2");
      assert.equal((await dialBy(way, `wss://vpn.example:${secure}/b`)).dialect, "v2");
      await dialBy(way, `ws://[::1]:${plain}/c`);
      const targets = [`vpn.example:${plain}`, `vpn.example:${secure}`, `[::1]:${plain}`];
      assert.deepEqual(
        seen.requests,
        targets.map((target) => `CONNECT ${target} HTTP/1.1`),
      );
      assert.match(requests[1] ?? "", /^GET \/b HTTP\/1\.1\r\nHost: vpn\.example:/);
    });

    test("runs over TLS to the proxy, whose certificate is checked against its own CA", async () => {
      const seen = nothingSeen();
      const proxy = await serve(tunnelling(seen), keyPair());
      const secure = await serve(upgrading(), keyPair());
      const plain = await serve(upgrading());
      const proxyCa = pem(certificates.authority.certificate);
      const url = `https://localhost:${proxy}`;
      for (const server of [`wss://vpn.example:${secure}/`, `ws://vpn.example:${plain}/`]) {
        assert.equal((await dialBy(wayBy(url, { proxyCa }), server)).dialect, "v2");
      }
      assert.equal(seen.connections, 2);
      const dialing = dialBy(wayBy(url), `wss://vpn.example:${secure}/`);
      await failsWith(dialing, "PROXY_UNREACHABLE", /the proxy https:\/\/localhost:/, /--proxy-ca/);
      const other = dialBy(wayBy(`https://127.0.0.1:${proxy}`, { proxyCa }), `wss://vpn.example:${secure}/`);
      await failsWith(other, "PROXY_UNREACHABLE", /not in the cert/, /by that name/);
      const web = await serve(
        (socket) => void socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      );
      const notTls = dialBy(wayBy(`https://localhost:${web}`), `wss://vpn.example:${secure}/`);
      await failsWith(notTls, "PROXY_UNREACHABLE", /the proxy/, /does not speak TLS|hung up/);
    });

    const challenge = (fields: string, more = "") =>
      `HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: ${fields}\r\n${more}\r\n`;

    test("logs in once it is asked, on the same connection, and at once the next time", async () => {
      const seen = nothingSeen();
      const body = "Content-Length: 5\r\n";
      const proxy = await serve(
        tunnelling(seen, (login) => (login === BASIC ? undefined : `${challenge('Basic realm="p"', body)}<htm>`)),
      );
      const plain = await serve(upgrading());
      const way = wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`);
      await dialBy(way, `ws://vpn.example:${plain}/`);
      assert.deepEqual([seen.connections, seen.logins], [1, [undefined, BASIC]]);
      await dialBy(way, `ws://vpn.example:${plain}/`);
      assert.deepEqual([seen.connections, seen.logins], [2, [undefined, BASIC, BASIC]]);
    });

    for (const [what, more] of [
      ["closes", "Content-Length: 0\r\nConnection: close\r\n"],
      ["says no length", ""],
      ["sends chunks", "Transfer-Encoding: chunked\r\n"],
      ["sends a large page", "Content-Length: 999999\r\n"],
    ] as const) {
      test(`logs in on a new connection if the proxy ${what}`, async () => {
        const seen = nothingSeen();
        const refuse = (login?: string) => (login === undefined ? challenge('Basic realm="p"', more) : undefined);
        const proxy = await serve(tunnelling(seen, refuse));
        const plain = await serve(upgrading());
        await dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`), `ws://vpn.example:${plain}/`);
        assert.deepEqual([seen.connections, seen.logins], [2, [undefined, BASIC]]);
      });
    }

    test("prefers Digest, and answers a nonce that was too old once more", async () => {
      const seen = nothingSeen();
      const length = "Content-Length: 0\r\n";
      const offers = [
        challenge('Basic realm="p", Digest realm="p", nonce="n1", qop="auth"', length),
        challenge('Digest realm="p", nonce="n2", qop="auth", stale=true', length),
        undefined,
      ];
      const proxy = await serve(tunnelling(seen, (_, { logins }) => offers[logins.length - 1]));
      const plain = await serve(upgrading());
      await dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`), `ws://vpn.example:${plain}/`);
      assert.equal(seen.connections, 1);
      const [, first = "", second = ""] = seen.logins;
      assert.match(first, /^Digest username="ada", realm="p", nonce="n1", uri="vpn\.example:\d+", .*nc=00000001/);
      assert.match(second, /nonce="n2", .*nc=00000001/);
    });

    test("does not go on guessing: a login is answered once, or twice if only the nonce was old", async () => {
      const length = "Content-Length: 0\r\n";
      for (const [stale, asked] of [
        ["", 2],
        [", stale=true", 3],
      ] as const) {
        const seen = nothingSeen();
        const proxy = await serve(tunnelling(seen, () => challenge(`Digest realm="p", nonce="n"${stale}`, length)));
        const dialing = dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`), "ws://vpn.example/");
        await failsWith(dialing, "PROXY_LOGIN_REFUSED", /does not take this user/, /--proxy-auth-file/);
        assert.equal(seen.requests.length, asked);
      }
    });

    test("says what to do if the proxy knows only NTLM or Negotiate", async () => {
      const proxy = await serve(tunnelling(nothingSeen(), () => challenge("NTLM\r\nProxy-Authenticate: Negotiate")));
      const dialing = dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`), "ws://vpn.example/");
      await failsWith(dialing, "PROXY_LOGIN_UNKNOWN", /of the kind ntlm, negotiate only/, /cntlm/);
    });

    const answers = [
      [formatResponse(407, [["Proxy-Authenticate", "Basic"]]), /answered 407/, /--proxy-auth-file/],
      [formatResponse(403, [["X-Squid-Error", "ERR_ACCESS_DENIED 0"]]), /403 Forbidden .*ERR_ACCESS_DENIED$/, /443/],
      [formatResponse(403, [["Content-Type", "text/plain"]], "Not here.\u001b"), /: Not here\.$/, /rules/],
      [formatResponse(502, []), /502/, /cannot reach the server/],
      [formatResponse(503, []), /503/, /cannot reach the server/],
      [formatResponse(504, []), /504/, /in vain/],
      [formatResponse(405, []), /405/, /makes no tunnels/],
      [formatResponse(302, []), /302/, /not of the server/],
    ] as const;
    for (const [bytes, message, hint] of answers) {
      test(`tells the proxy's answer from the server's: ${message.source}`, async () => {
        const proxy = await serve(tunnelling(nothingSeen(), () => bytes));
        const dialing = dialBy(wayBy(`http://127.0.0.1:${proxy}`), "ws://vpn.example:99/");
        await failsWith(dialing, "PROXY_REFUSED", message, hint);
      });
    }

    test("says so if that is no HTTP proxy, hangs up, or does not listen", async () => {
      const garbage = await serve((socket) => void socket.once("data", () => socket.end("\u0005\u00ff")));
      await failsWith(dialBy(wayBy(`http://127.0.0.1:${garbage}`), "ws://a/"), "PROXY_FAULT", /./, /SOCKS/);
      const silent = await serve((socket) => void socket.once("data", () => socket.end()));
      await failsWith(dialBy(wayBy(`http://127.0.0.1:${silent}`), "ws://a/"), "PROXY_FAULT", /hung up/, /TLS/);
      const gone = await serve(() => {});
      await new Promise((resolve) => servers.pop()?.close(resolve));
      const dialing = dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${gone}`), "ws://a/");
      await failsWith(dialing, "PROXY_UNREACHABLE", /the proxy http:\/\/127\.0\.0\.1:\d+: /, /is the proxy running/);
      const unknown = dialBy(wayBy("http://no-such-proxy.invalid:3128"), "ws://a/");
      await failsWith(unknown, "PROXY_UNREACHABLE", /no-such-proxy/, /no address/);
    });

    test("names the proxy if nothing comes of it in time", async () => {
      const clock = new HandClock();
      let isAsked = false;
      const proxy = await serve(
        (socket) =>
          void socket.once("data", () => {
            isAsked = true;
          }),
      );
      const dialing = dialBy(wayBy(`http://127.0.0.1:${proxy}`), "ws://a/", clock);
      const failed = failsWith(dialing, "CONNECT_TIMEOUT", /proxy http:\/\/127\.0\.0\.1/, /firewall/);
      await waitFor("the question", () => isAsked);
      clock.advance(10_000);
      await failed;
    });

    test("survives any answer to CONNECT, in any pieces, and opens nothing by accident", async () => {
      const piece = fc.oneof(
        fc.constantFrom(
          "HTTP/1.1 ",
          "200",
          "407",
          " OK",
          "\r\n",
          "\r\n\r\n",
          "Proxy-Authenticate: ",
          "Basic",
          "Content-Length: 3",
        ),
        fc.string({ unit: "binary", maxLength: 8 }),
      );
      let text: readonly string[] = [];
      const proxy = await serve((socket) => {
        socket.once("data", () => {
          for (const part of text) socket.write(part, "latin1");
          socket.end();
        });
      });
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
          text = pieces;
          await assert.rejects(dialBy(wayBy(`http://ada:s3cret@127.0.0.1:${proxy}`), "ws://vpn.example/"), PeerError);
        }),
        { numRuns: 150 },
      );
    });
  });

  describe("over SOCKS", () => {
    /** RFC 1928, 3 and 6, RFC 1929, 2. */
    const [VERSION, NO_LOGIN, PASSWORD, NOTHING_FITS] = [5, 0, 2, 0xff];
    const reply = (code: number): Buffer => Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);

    interface Asked {
      readonly hosts: string[];
      readonly logins: string[];
    }

    /** A SOCKS 5 server with tunnels to 127.0.0.1; `code` may depend on the host that is asked for. */
    function socks(asked: Asked, method: number, code: (host: string) => number = () => 0, isUser = () => true) {
      return (socket: Socket): void => {
        const readRequest = (): void =>
          void socket.once("data", (bytes: Buffer) => {
            const type = bytes[3];
            const [from, end] = type === 3 ? [5, 5 + (bytes[4] as number)] : [4, type === 1 ? 8 : 20];
            const host = type === 3 ? bytes.toString("latin1", from, end) : [...bytes.subarray(from, end)].join(".");
            asked.hosts.push(host);
            const answer = code(host);
            if (answer !== 0) return void socket.end(reply(answer));
            const onward = connect(bytes.readUInt16BE(end), "127.0.0.1", () => {
              socket.write(reply(0));
              socket.pipe(onward).pipe(socket);
            });
            sockets.push(onward.on("error", () => {}));
          });
        socket.once("data", (bytes: Buffer) => {
          if (!bytes.subarray(2).includes(method)) return void socket.end(Buffer.from([VERSION, NOTHING_FITS]));
          socket.write(Buffer.from([VERSION, method]));
          if (method === NO_LOGIN) return readRequest();
          socket.once("data", (login: Buffer) => {
            const length = login[1] as number;
            asked.logins.push(`${login.toString("utf8", 2, 2 + length)} ${login.toString("utf8", 3 + length)}`);
            if (!isUser()) return void socket.end(Buffer.from([1, 1]));
            socket.write(Buffer.from([1, 0]));
            readRequest();
          });
        });
      };
    }
    const nothingAsked = (): Asked => ({ hosts: [], logins: [] });

    test("sends the name by socks5h, and an address by socks5", async () => {
      const asked = nothingAsked();
      const proxy = await serve(socks(asked, NO_LOGIN));
      const plain = await serve(upgrading());
      const secure = await serve(upgrading(), keyPair());
      assert.equal((await dialBy(wayBy(`socks5h://127.0.0.1:${proxy}`), `ws://vpn.example:${plain}/`)).dialect, "v2");
      await dialBy(wayBy(`socks5h://127.0.0.1:${proxy}`), `wss://vpn.example:${secure}/`);
      const resolve = new Map([[`vpn.example:${plain}`, ["192.0.2.7"]]]);
      await dialBy(wayBy(`socks5://127.0.0.1:${proxy}`, { resolve }), `ws://vpn.example:${plain}/`);
      assert.deepEqual(asked.hosts, ["vpn.example", "vpn.example", "192.0.2.7"]);
    });

    test("tries each address of the server by socks5, until one does", async () => {
      const asked = nothingAsked();
      const unreachable = (host: string): number => (host === "192.0.2.8" ? 0 : 4);
      const proxy = await serve(socks(asked, NO_LOGIN, unreachable));
      const plain = await serve(upgrading());
      const resolve = new Map([[`vpn.example:${plain}`, ["192.0.2.7", "192.0.2.8", "192.0.2.9"]]]);
      await dialBy(wayBy(`socks5://127.0.0.1:${proxy}`, { resolve }), `ws://vpn.example:${plain}/`);
      assert.deepEqual(asked.hosts, ["192.0.2.7", "192.0.2.8"]);
    });

    test("logs in with user and password, empty ones too", async () => {
      const asked = nothingAsked();
      const proxy = await serve(socks(asked, PASSWORD));
      const plain = await serve(upgrading());
      for (const login of ["ada:s3cret", "bob"]) {
        await dialBy(wayBy(`socks5h://${login}@127.0.0.1:${proxy}`), `ws://vpn.example:${plain}/`);
      }
      assert.deepEqual(asked.logins, ["ada s3cret", "bob "]);
    });

    test("leaves no timer behind that would keep socket and password for long", async (context) => {
      const timeouts = mock.method(globalThis, "setTimeout");
      context.after(() => timeouts.mock.restore());
      const proxy = await serve(socks(nothingAsked(), PASSWORD));
      await dialBy(wayBy(`socks5h://ada:s3cret@127.0.0.1:${proxy}`), `ws://vpn.example:${await serve(upgrading())}/`);
      const delays = timeouts.mock.calls.map(({ arguments: [, ms = 0] }) => ms);
      assert.deepEqual([delays.length > 0, delays.filter((ms) => ms > 10_000)], [true, []]);
    });

    const replies = [
      [1, /it failed/, /known where the proxy is/],
      [2, /rules forbid it/, /443/],
      [3, /no route/, /online/],
      [4, /cannot reach the server/, /known where the proxy is/],
      [5, /nothing listens/, /port right/],
      [6, /in time/, /running/],
      [7, /makes no connections/, /CONNECT/],
      [8, /kind of address/, /socks5h/],
      [99, /does not say why/, /who runs the proxy/],
    ] as const;
    for (const [code, message, hint] of replies) {
      test(`says what reply ${code} means`, async () => {
        const proxy = await serve(socks(nothingAsked(), NO_LOGIN, () => code));
        const dialing = dialBy(wayBy(`socks5h://ada:s3cret@127.0.0.1:${proxy}`), "ws://vpn.example:81/");
        await failsWith(dialing, "PROXY_REFUSED", message, hint);
      });
    }

    test("says what is wrong with the login, or with the proxy", async () => {
      const at = (port: number, login = ""): WayOut => wayBy(`socks5h://${login}127.0.0.1:${port}`);
      const locked = await serve(socks(nothingAsked(), PASSWORD));
      await failsWith(dialBy(at(locked), "ws://a/"), "PROXY_LOGIN_UNKNOWN", /takes nobody/, /--proxy-auth-file/);
      const wrong = await serve(
        socks(
          nothingAsked(),
          PASSWORD,
          () => 0,
          () => false,
        ),
      );
      await failsWith(dialBy(at(wrong, "ada:s3cret@"), "ws://a/"), "PROXY_LOGIN_REFUSED", /does not take/, /Check/);
      const web = await serve(
        (socket) => void socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      );
      await failsWith(dialBy(at(web), "ws://a/"), "PROXY_FAULT", /./, /HTTP proxy/);
      const silent = await serve((socket) => void socket.once("data", () => socket.end()));
      await failsWith(dialBy(at(silent), "ws://a/"), "PROXY_FAULT", /hung up/, /HTTP proxy/);
      const long = new ProxyLogin("ada", "s3cret".repeat(99));
      const proxy = { ...parseProxyUrl("socks5h://127.0.0.1:9", "--proxy"), login: long };
      await failsWith(dialBy({ ...STRAIGHT, proxyFor: () => proxy }, "ws://a/"), "PROXY_FAULT", /255/, /./);
    });
  });

  describe("and without one", () => {
    test("takes addresses, name, Host and headers as the way out says", async () => {
      const requests: string[] = [];
      const secure = await serve(upgrading(requests), keyPair());
      const way = {
        ...STRAIGHT,
        resolve: new Map([[`elsewhere.example:${secure}`, ["127.0.0.1"]]]),
        serverName: "vpn.example",
        hostHeader: "front.example",
        headers: [["X-Door", "s3cret"]] as const,
      };
      assert.equal((await dialBy(way, `wss://elsewhere.example:${secure}/`)).dialect, "v2");
      assert.match(requests[0] ?? "", /\r\nHost: front\.example\r\n[\s\S]*\r\nX-Door: s3cret\r\n\r\n$/);
      await assert.rejects(dialBy({ ...way, serverName: undefined }, `wss://elsewhere.example:${secure}/`), /altnames/);
    });

    test("takes every host of a port by *", async () => {
      const plain = await serve(upgrading());
      const way = { ...STRAIGHT, resolve: new Map([[`*:${plain}`, ["127.0.0.1"]]]) };
      assert.equal((await dialBy(way, `ws://Whatever.example:${plain}/`)).dialect, "v2");
    });

    test("looks for this machine nowhere else", async () => {
      const plain = await serve(upgrading());
      const way = {
        ...STRAIGHT,
        resolve: new Map([
          [`*:${plain}`, ["192.0.2.1"]],
          [`127.0.0.1:${plain}`, ["192.0.2.1"]],
        ]),
      };
      assert.equal((await dialBy(way, `ws://127.0.0.1:${plain}/`)).dialect, "v2");
    });

    test("leaves by the source address, and says so if that cannot be", async () => {
      let remote: string | undefined;
      const plain = await serve((socket) => {
        remote = socket.remoteAddress;
        upgrading()(socket);
      });
      const url = `ws://127.0.0.1:${plain}/`;
      await dialBy({ ...STRAIGHT, sourceAddress: "127.0.0.9" }, url);
      assert.equal(remote, "127.0.0.9");
      await failsWith(
        dialBy({ ...STRAIGHT, sourceAddress: "192.0.2.1" }, url),
        "CONNECT_FAILED",
        /192\.0\.2\.1/,
        /--source/,
      );
      await failsWith(
        dialBy({ ...STRAIGHT, sourceAddress: "::1" }, url),
        "SOURCE_FAMILY",
        /no IPv6 address/,
        /--source/,
      );
    });

    test("says that a proxy on the way strips Upgrade, if it shows itself", async () => {
      for (const [status, isStripped] of [
        [200, true],
        [400, true],
        [426, true],
        [404, false],
      ] as const) {
        const plain = await serve(
          (socket) => void socket.once("data", () => socket.end(formatResponse(status, [["Via", "1.1 cache"]]))),
        );
        const dialing = dialBy(STRAIGHT, `ws://127.0.0.1:${plain}/`);
        await failsWith(dialing, "UPGRADE_REFUSED", /answered/, isStripped ? /strips Upgrade: use wss/ : /path/);
      }
    });
  });
});
