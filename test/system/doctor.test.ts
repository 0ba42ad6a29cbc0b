/** `vpn-ws doctor` against a real server, behind real nginx set up well and badly, through real proxies and a slow path. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Certificates, makeCertificates } from "../../lab/certificates.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { startNginx, UPSTREAM_PORT } from "../../lab/nginx.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { SQUID_PORTS, startMicrosocks, startSquid } from "../../lab/proxies.ts";
import { startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";
import type { Finding, StepName } from "../../src/doctor/finding.ts";

const noLab = await whyNoLab("nginx", "openssl", "squid", "microsocks");

const UPGRADE = `proxy_pass http://127.0.0.1:${UPSTREAM_PORT}; proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; tcp_nodelay on;`;
const LARGE = "proxy_buffer_size 256k; proxy_buffers 8 256k; proxy_busy_buffers_size 256k;";

/** What people write. */
const BAD_LOCATIONS = [
  `location /stripped { proxy_pass http://127.0.0.1:${UPSTREAM_PORT}; }`,
  `location /short { ${UPGRADE} ${LARGE} proxy_read_timeout 2s; }`,
  `location /small { ${UPGRADE} proxy_buffer_size 4k; proxy_read_timeout 1d; }`,
  `location /wordless { ${UPGRADE} ${LARGE} proxy_set_header Sec-WebSocket-Protocol ""; }`,
  `location /down { ${UPGRADE.replace(String(UPSTREAM_PORT), "1")} }`,
  "location /page { return 200 welcome; }",
];

interface Report {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

// Each test is a process that mostly waits.
describe("vpn-ws doctor", { skip: noLab, concurrency: 3 }, () => {
  let lab: Lab;
  let inside: Namespace;
  let outside: Namespace;
  let certificates: Certificates;
  let server: VpnProcess;
  let host: string;
  let slowHost: string;

  before(async () => {
    lab = await Lab.open();
    [inside, outside] = [await lab.namespace("inside"), await lab.namespace("outside")];
    host = (await lab.link(inside, outside)).ipv4[1];
    slowHost = (await lab.path(inside, outside, "narrow")).ipv4[1];
    certificates = await makeCertificates(lab, { server: [host, slowHost] });
    const { server: pair } = certificates;
    const listen = ["--listen", `http://0.0.0.0:${UPSTREAM_PORT}`, "--listen", "https://0.0.0.0:8443"];
    const tls = ["--tls-cert", pair.certificate, "--tls-key", pair.key];
    [server] = await Promise.all([
      startServer(outside, [...listen, ...tls, "--allow-anonymous"]),
      startNginx(lab, outside, { location: "proxy", tls: pair, serverLines: ["listen 80;", ...BAD_LOCATIONS] }),
      startSquid(lab, inside, { user: "ada", password: "s3cret", schemes: ["basic"] }),
      startMicrosocks(inside, 1080),
    ]);
  });
  after(() => lab?.close());

  /** What it reports, and its exit status. */
  async function examine(...argv: readonly string[]): Promise<Report & { readonly status: number | null }> {
    const flags = ["--json", "--quick", "--ca", certificates.authority.certificate];
    const { child } = startVpn(inside, ["doctor", ...flags, ...argv]);
    const { stdout, stderr, status } = await child.ended;
    assert.equal(stderr, "");
    return { ...JSON.parse(stdout), status };
  }

  /** Without those about time, which a busy machine earns. */
  const complaintsOf = ({ findings }: Report): readonly string[] =>
    findings
      .filter(({ level }) => level !== "good")
      .map(({ step, level }) => `${step}:${level}`)
      .filter((complaint) => complaint !== "load:warning" && complaint !== "round-trip:warning");

  function of({ findings }: Report, step: StepName): Finding {
    const found = findings.find((one) => one.step === step);
    assert.ok(found, `nothing about ${step}`);
    return found;
  }

  test("finds nothing wrong with a server of its own, and sends no frame to anybody", async () => {
    const report = await examine("--idle", "6", `wss://${host}:8443/`);
    assert.deepEqual(complaintsOf(report), []);
    assert.deepEqual([report.status, report.ok], [0, true]);
    assert.equal(of(report, "idle").figures.spokeAfterMs, null, "the server kept quiet");
    assert.deepEqual(server.events("guard.dropped"), []);
  });

  test("finds nothing wrong with nginx as it should be", async () => {
    const report = await examine("--idle", "3", `wss://${host}/vpn`);
    assert.deepEqual(complaintsOf(report), []);
    assert.match(of(report, "upgrade").what, /by way of nginx/);
  });

  const faults: readonly [path: string, what: string, step: StepName, words: RegExp][] = [
    ["/stripped", "strips Upgrade", "upgrade", /your proxy strips Upgrade[\s\S]*proxy_set_header Upgrade/],
    ["/down", "has no server behind it", "upgrade", /502[\s\S]*does not answer/],
    ["/page", "has a page there", "upgrade", /200[\s\S]*No VPN is at that path/],
  ];
  for (const [path, what, step, words] of faults) {
    test(`says that nginx ${what}`, async () => {
      const report = await examine(`wss://${host}${path}`);
      const { level, what: said, mend } = of(report, step);
      assert.deepEqual([report.status, level], [1, "fault"]);
      assert.match(`${said}\n${mend}`, words);
    });
  }

  test("says after how long nginx cuts what is silent, and by which directive", async () => {
    const report = await examine("--idle", "5", `wss://${host}/short`);
    const { what, mend, figures } = of(report, "idle");
    assert.match(what, /^nginx cuts idle connections at (1\.9|2(\.\d)?) s: proxy_read_timeout$/);
    assert.match(mend, /proxy_read_timeout 1d/);
    assert.ok(Number(figures.silentMs) >= 1_900, String(figures.silentMs));
  });

  test("sees nginx's buffers of 4 KiB", async () => {
    const report = await examine(`wss://${host}/small`);
    const { level, what, mend } = of(report, "pieces");
    assert.equal(level, "warning");
    assert.match(what, /pieces of 4 KiB: buffers of 4 KiB halve your speed/);
    assert.match(mend, /proxy_buffer_size 256k/);
    assert.equal(report.status, 0);
  });

  test("says that nginx drops the subprotocol", async () => {
    const { what, mend } = of(await examine(`wss://${host}/wordless`), "dialect");
    assert.match(what, /the original's dialect/);
    assert.match(mend, /nginx.*drops Sec-WebSocket-Protocol/);
  });

  test("says whom it does not trust, and stops", async () => {
    const stranger = certificates.stranger.certificate;
    const report = await examine("--ca", stranger, `wss://${host}/vpn`);
    assert.deepEqual(complaintsOf(report), ["tls:fault"]);
    assert.match(of(report, "tls").what, /nobody here knows who signed the certificate: vpn-ws lab authority/);
  });

  test("goes by a proxy, and names what the proxy says", async () => {
    const squid = `http://127.0.0.1:${SQUID_PORTS.open}`;
    for (const proxy of [squid, "socks5h://127.0.0.1:1080"]) {
      const report = await examine("--proxy", proxy, `wss://${host}:443/vpn`);
      assert.deepEqual(complaintsOf(report), [], proxy);
      assert.match(of(report, "proxy").what, /opens a way to/);
    }
    const refused = await examine("--proxy", `http://127.0.0.1:${SQUID_PORTS.login}`, `wss://${host}/vpn`);
    assert.deepEqual(complaintsOf(refused), ["proxy:fault"]);
    assert.match(`${of(refused, "proxy").what} ${of(refused, "proxy").mend}`, /407.*--proxy-auth-file/);
  });

  test("measures a narrow path as it is", async () => {
    const report = await examine(`ws://${slowHost}:${UPSTREAM_PORT}/`);
    assert.ok(Number(of(report, "round-trip").figures.medianMs) >= 40);
    const load = of(report, "load").figures as Record<string, Record<string, number>>;
    for (const way of ["down", "up"]) {
      const mbit = ((load[way]?.bytesPerSecond ?? 0) * 8) / 1e6;
      assert.ok(mbit > 12 && mbit < 21, `${way} ${mbit} Mbit/s`);
    }
  });

  test("speaks to people, too", async () => {
    const flags = ["--quick", "--ca", certificates.authority.certificate];
    const { stdout, status } = await startVpn(inside, ["doctor", ...flags, `wss://${host}/stripped`]).child.ended;
    assert.equal(status, 1);
    assert.match(stdout, /^✓ TCP {9}/m);
    assert.match(stdout, /^✗ upgrade {5}the answer is 426/m);
    assert.match(stdout, /\n1 fault\. It fails here: the answer is 426/);
  });
});
