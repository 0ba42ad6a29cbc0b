/** Real proxies between a client whose only way out they are and its server; and what stands in front of the server. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Certificates, makeCertificates } from "../../lab/certificates.ts";
import { startHaproxy } from "../../lab/haproxy.ts";
import { Lab, type Link, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { startNginx } from "../../lab/nginx.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { type ProxyUser, SQUID_PORTS, startDante, startMicrosocks, startSquid } from "../../lab/proxies.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { startClient, startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

const noLab = await whyNoLab("squid", "microsocks", "danted", "haproxy", "nginx", "openssl");

const LOGIN: ProxyUser = { user: "ada", password: "s3cret-of-the-proxy" };
const PORTS = { micro: 1080, microLogin: 1081, dante: 1082, danteLogin: 1083, late: 3999 } as const;
/** The second squid: its ports are these beyond the first one's. */
const ONLY_BASIC = 10;
const ONLY_NTLM = 20;

/** Several clients start at a time, on a machine that may have other work. */
const PATIENCE = { timeoutMs: 30_000 };

describe("a client whose only way out is a proxy", { skip: noLab }, () => {
  let lab: Lab;
  let inside: Namespace;
  let middle: Namespace;
  let outside: Namespace;
  let near: Link;
  let far: Link;
  let certificates: Certificates;
  let server: VpnProcess;
  let directory: string;
  let loginFile: string;
  /** The proxies' address as the client sees it, the server's as the proxies see it. */
  let proxyHost: string;
  let serverHost: string;

  before(async () => {
    lab = await Lab.open();
    inside = await lab.namespace("inside");
    middle = await lab.namespace("proxies");
    outside = await lab.namespace("outside");
    near = await lab.link(inside, middle);
    far = await lab.link(middle, outside);
    [proxyHost, serverHost] = [near.ipv4[1], far.ipv4[1]];
    certificates = await makeCertificates(lab, { server: ["vpn.example", "squid.lab", proxyHost, serverHost] });
    directory = temporaryDirectory(lab, "ways");
    loginFile = join(directory, "login");
    writeFileSync(loginFile, `${LOGIN.user}:${LOGIN.password}\n`, { mode: 0o600 });
    const hosts = `${serverHost} vpn.example\n`;
    const { server: certificate } = certificates;
    [server] = await Promise.all([
      startOutside(),
      startSquid(lab, middle, { ...LOGIN, schemes: ["digest", "basic"], certificate, hosts }),
      startSquid(lab, middle, { ...LOGIN, schemes: ["basic"], portOffset: ONLY_BASIC }),
      startSquid(lab, middle, { ...LOGIN, schemes: ["ntlm"], portOffset: ONLY_NTLM }),
      startMicrosocks(middle, PORTS.micro),
      startMicrosocks(middle, PORTS.microLogin, LOGIN),
      startDante(lab, middle, { port: PORTS.dante, external: far.device[0], blocked: "192.0.2.0/24" }),
      startDante(lab, middle, { port: PORTS.danteLogin, external: far.device[0], login: LOGIN }),
    ]);
  });
  after(() => lab?.close());

  /** Our server, and in front of it nginx on port 443, haproxy by HTTP on 8444 and by TCP on 8445. */
  async function startOutside(): Promise<VpnProcess> {
    const { certificate, key } = certificates.server;
    const pem = join(directory, "haproxy.pem");
    writeFileSync(pem, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
    const http = { name: "http", replace: { ":443 ssl crt /etc/haproxy/vpn.pem": `:8444 ssl crt ${pem}` } } as const;
    const listen = ["--listen", "http://127.0.0.1:8080", "--listen", "https://0.0.0.0:8443"];
    const who = ["--allow-anonymous", "--trusted-proxy", "127.0.0.1", "--tls-cert", certificate, "--tls-key", key];
    const [vpn] = await Promise.all([
      startServer(outside, [...listen, ...who, "--tap", TAP, "--address", "10.78.0.1/24"]),
      startNginx(lab, outside, { location: "proxy", tls: certificates.server }),
      startHaproxy(lab, outside, [http, { name: "tcp", replace: { "bind :443": "bind :8445" } }], 8445),
    ]);
    return vpn;
  }

  const trust = (): string[] => ["--ca", certificates.authority.certificate];
  const flags = (...more: readonly string[]): string[] => [
    ...["--tap", TAP, "--address", "10.78.0.2/24", ...trust()],
    ...more,
  ];
  const proxyUrl = (scheme: string, port: number, host = proxyHost): string => `${scheme}://${host}:${port}`;

  /** It gets in, frames pass, and nothing that others can see holds the proxy's password. */
  async function getsIn(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const client = startVpn(inside, ["client", "--log-format", "json", ...flags(...argv)], { environment });
    try {
      await client.waitForEvent("client.connected", 1, PATIENCE);
      assert.equal((await runPing(inside, { address: "10.78.0.1", count: 3 })).received, 3);
      assert.doesNotMatch(readFileSync(`/proc/${client.child.pid}/cmdline`, "utf8"), /s3cret/);
    } finally {
      await client.stop();
    }
    assert.doesNotMatch(client.child.stderr, /s3cret/);
  }

  /** It says all of this, and does not get in. */
  async function says(argv: readonly string[], texts: readonly string[], environment = {}): Promise<void> {
    const { child } = startVpn(inside, ["client", ...trust(), ...argv], { environment });
    try {
      const saysAll = (): boolean => texts.every((text) => child.stderr.includes(text));
      await child.waitUntil(texts.join(" … "), saysAll, PATIENCE);
    } finally {
      await child.stop();
    }
    assert.doesNotMatch(child.stderr, /s3cret|connected to/);
  }

  const SERVER = "wss://vpn.example/vpn";

  test("has no other", async () => {
    const url = `wss://${serverHost}/vpn`;
    await says(["--proxy", "none", url], [`cannot connect to ${url}`], {
      HTTPS_PROXY: proxyUrl("http", SQUID_PORTS.open),
    });
  });

  describe("squid", () => {
    test("makes a tunnel for wss by a name that only the proxy knows, and large transfers pass", async () => {
      const client = await startClient(inside, flags("--proxy", proxyUrl("http", SQUID_PORTS.open), SERVER));
      await transferBothWays(inside, outside, "10.78.0.1", 8 * MEBIBYTE);
      await client.stop();
    });

    test("lets in by Basic, and by TLS to the proxy itself", async () => {
      const { user, password } = LOGIN;
      const basic = `http://${user}:${password}@${proxyHost}:${SQUID_PORTS.login + ONLY_BASIC}`;
      await getsIn(["--proxy", basic, `wss://${serverHost}/vpn`]);
      const ca = ["--proxy-ca", certificates.authority.certificate];
      await getsIn(["--proxy", proxyUrl("https", SQUID_PORTS.tls), ...ca, SERVER]);
    });

    test("may stand in a configuration file, with its login, which it takes by Digest", async () => {
      const file = join(directory, "client.yaml");
      const proxy = `{ url: "${proxyUrl("http", SQUID_PORTS.login)}", auth_file: login }`;
      writeFileSync(file, `servers: ${SERVER}\nproxy: ${proxy}\ntls: { ca: ${certificates.authority.certificate} }\n`);
      await getsIn(["--config", file]);
    });

    test("is found in the environment, where NO_PROXY excepts from it", async () => {
      const environment = { HTTPS_PROXY: proxyUrl("http", SQUID_PORTS.open) };
      await getsIn([SERVER], environment);
      const url = `wss://${serverHost}/vpn`;
      await says([url], [`cannot connect to ${url}`], { ...environment, NO_PROXY: "10.77.0.0/16" });
    });

    const open = (): string => proxyUrl("http", SQUID_PORTS.open);
    const asking = (): string => proxyUrl("http", SQUID_PORTS.login);

    test("is told apart from the server in what it refuses", async () => {
      const wrong = join(directory, "wrong");
      writeFileSync(wrong, `${LOGIN.user}:not-the-s3cret\n`);
      const ntlm = proxyUrl("http", SQUID_PORTS.login + ONLY_NTLM);
      const stranger = proxyUrl("https", SQUID_PORTS.tls);
      await Promise.all([
        says(["--proxy", asking(), SERVER], [`the proxy ${asking()} answered 407`, "--proxy-auth-file"]),
        says(["--proxy", asking(), "--proxy-auth-file", wrong, SERVER], ["does not take this user with this password"]),
        says(["--proxy", ntlm, "--proxy-auth-file", loginFile, SERVER], ["of the kind ntlm only", "cntlm"]),
        says(
          ["--proxy", open(), `ws://${serverHost}:8080/`],
          ["answered 403 Forbidden", "ERR_ACCESS_DENIED", "wss://"],
        ),
        says(
          ["--proxy", open(), `wss://${far.ipv4[0]}/`],
          ["answered 503", "ERR_CONNECT_FAIL", "cannot reach the server"],
        ),
        says(["--proxy", stranger, SERVER], [`cannot connect to the proxy ${stranger}`, "--proxy-ca"]),
      ]);
    });

    test("that is down is named, and let in by as soon as it is up", async () => {
      const url = proxyUrl("socks5h", PORTS.late);
      const client = startVpn(inside, ["client", ...flags("--proxy", url, `wss://${serverHost}/vpn`)]);
      const { child } = client;
      await child.waitUntil("the fault", () => child.stderr.includes(`cannot connect to the proxy ${url}`));
      await startMicrosocks(middle, PORTS.late);
      await child.waitUntil("the connection", () => child.stderr.includes("connected to"));
      await child.stop();
    });
  });

  describe("SOCKS", () => {
    test("is spoken with microsocks and dante, with and without a password", async () => {
      const url = `wss://${serverHost}/vpn`;
      const login = ["--proxy-auth-file", loginFile];
      await getsIn(["--proxy", proxyUrl("socks5", PORTS.micro), url]);
      await getsIn(["--proxy", proxyUrl("socks5h", PORTS.microLogin), ...login, url]);
      await getsIn([url], { ALL_PROXY: proxyUrl("socks5h", PORTS.dante) });
      await getsIn(["--proxy", proxyUrl("socks5", PORTS.danteLogin), ...login, url]);
    });

    test("is told apart from the server in what it refuses", async () => {
      const wrong = join(directory, "wrong");
      writeFileSync(wrong, `${LOGIN.user}:not-the-s3cret\n`);
      const url = `wss://${serverHost}/vpn`;
      const by = (port: number): string[] => ["--proxy", proxyUrl("socks5", port)];
      const asWrong = ["--proxy-auth-file", wrong, url];
      await Promise.all([
        says([...by(PORTS.microLogin), url], ["--proxy-auth-file"]),
        says([...by(PORTS.microLogin), ...asWrong], ["does not take this user with this password"]),
        says([...by(PORTS.danteLogin), ...asWrong], ["does not take this user with this password"]),
        says([...by(PORTS.dante), "wss://192.0.2.1/"], ["its rules forbid it"]),
        says([...by(PORTS.dante), `wss://${serverHost}:9/`], ["nothing listens at the server"]),
      ]);
    });
  });

  test("passes haproxy in front of the server, by HTTP and by TCP", async () => {
    const by = ["--proxy", proxyUrl("socks5h", PORTS.micro)];
    await getsIn([...by, `wss://${serverHost}:8444/vpn`]);
    await getsIn([...by, `wss://${serverHost}:8445/`]);
    const joined = server.events("peer.joined").slice(-2);
    // By HTTP haproxy says who the client is, which is the SOCKS proxy; by TCP it cannot.
    assert.deepEqual(
      joined.map(({ address }) => address),
      [far.ipv4[0], "127.0.0.1"],
    );
  });

  test("leaves by the interface and from the address that it is told to", async () => {
    const second = await lab.link(inside, middle);
    await inside.ip("route", "add", "default", "via", second.ipv4[1], "dev", second.device[0], "metric", "900");
    const here = await startServer(middle, ["--listen", "http://0.0.0.0:8088", "--allow-anonymous"]);
    const url = `ws://${proxyHost}:8088/`;
    const named = `ws://vpn.example:8088/`;
    await startClient(inside, flags("--interface", second.device[0], url)).then((client) => client.stop());
    await inside.setAddress(near.device[0], "10.77.0.77/24");
    const source = ["--source", "10.77.0.77", "--resolve", `vpn.example:8088:${proxyHost}`];
    await startClient(inside, flags(...source, named)).then((client) => client.stop());
    const addresses = here.events("peer.joined").map(({ address }) => address);
    assert.deepEqual(addresses, [second.ipv4[0], "10.77.0.77"]);
    await says(["--interface", "nowhere0", url], ["there is no interface nowhere0", "ip link"]);
  });
});
