/** The command lines as a user meets them: help that tells everything, and refusals of one sentence with an exit code. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Certificates, makeCertificates } from "../../lab/certificates.ts";
import type { Finished } from "../../lab/child.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { LEGACY_CLIENT_BINARY, SERVER_BINARY, startServer } from "../../lab/vpn.ts";

const noLab = await whyNoLab("openssl");

/** The configuration is wrong, or the system or a device says no (src/cli/process-life.ts). */
const CONFIGURATION = 2;
const SYSTEM = 1;

const LOCAL = ["--listen", "http://127.0.0.1:0"];

describe("the command line", { skip: noLab }, () => {
  let lab: Lab;
  let host: Namespace;
  let certificates: Certificates;
  let directory: string;

  before(async () => {
    lab = await Lab.open();
    host = await lab.namespace("host");
    certificates = await makeCertificates(lab, { server: ["localhost"] });
    directory = mkdtempSync(join(tmpdir(), "vpnws-command-"));
    lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  });
  after(() => lab?.close());

  const runVpn = (...argv: readonly string[]): Promise<Finished> =>
    host.run([process.execPath, SERVER_BINARY, ...argv], { allowFailure: true });
  const runLegacyClient = (...argv: readonly string[]): Promise<Finished> =>
    host.run([process.execPath, LEGACY_CLIENT_BINARY, ...argv], { allowFailure: true });

  /** It said what is wrong, and nothing that only a programmer understands, and left no device behind. */
  async function assertRefused({ status, stderr }: Finished, code: number, sentence: string): Promise<void> {
    assert.ok(stderr.includes(sentence), `${JSON.stringify(stderr)} has ${JSON.stringify(sentence)}`);
    assert.doesNotMatch(stderr, /^\s+at |node:internal|\.[jt]s:\d/m);
    assert.equal(status, code);
    assert.doesNotMatch(await host.ip("-o", "link"), /refused0/);
  }

  test("shows every flag in the help of its command", async () => {
    const common = ["--tap", "--address", "--mtu", "--bridge", "--exec", "--log-format", "--log-level", "--help"];
    const server = ["--listen", "--tls-cert", "--tls-key", "--no-broadcast", "--no-multicast", "--uid", "--gid"];
    const client = ["--ca", "--key", "--crt", "--no-verify", "--auth-file", "--protocol", "[url...]", "VPN_WS_AUTH"];
    const invited = ["--pin", "--token-file", "VPN_WS_TOKEN", "--invite-file", "--state-dir", "vpn-ws://"];
    const expected = [
      [await runVpn("server", "--help"), [...common, ...server, "--allow-anonymous", "unix:/", "tcp://", "https://"]],
      [await runVpn("client", "--help"), [...common, ...client, ...invited, "wss://"]],
      [await runVpn("help", "server"), server],
      [await runVpn("--help"), ["server", "client", "--tuntap", "vpn-ws-client", "ADDRESS"]],
      [await runLegacyClient("--help"), ["<tap>", "<url>", "--exec", "--key", "--crt", "--no-verify", "--bridge"]],
    ] as const;
    for (const [{ status, stdout, stderr }, words] of expected) {
      assert.deepEqual([status, stderr], [0, ""]);
      for (const word of words) assert.ok(stdout.includes(word), `${word} is in\n${stdout}`);
    }
  });

  test("refuses what it does not know, and points to the help", async () => {
    await assertRefused(await runVpn("server", ...LOCAL, "--speed", "9"), CONFIGURATION, "unknown option '--speed'");
    await assertRefused(await runVpn("server"), CONFIGURATION, "Try: vpn-ws server --help");
    await assertRefused(await runVpn("client"), CONFIGURATION, "Try: vpn-ws client --help");
    await assertRefused(await runVpn("--tuntap", "refused0"), CONFIGURATION, "Try: vpn-ws --help");
    await assertRefused(await runLegacyClient("refused0"), CONFIGURATION, "Try: vpn-ws-client --help");
  });

  test("refuses a device name longer than 15 bytes", async () => {
    const sentence = 'The device name "a234567890123456" has 16 bytes, but Linux takes 15.';
    await assertRefused(await runVpn("server", ...LOCAL, "--tap", "a234567890123456"), CONFIGURATION, sentence);
    await assertRefused(await runVpn("--tuntap", "a234567890123456", "/x/sock"), CONFIGURATION, sentence);
    await assertRefused(await runLegacyClient("a234567890123456", "ws://127.0.0.1/"), CONFIGURATION, sentence);
  });

  test("refuses to make a TAP without the right to, and says which right", async () => {
    // May read this checkout wherever it lies, and nothing else.
    const reading = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"];
    const nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", ...reading];
    const argv = [...nobody, process.execPath, SERVER_BINARY, "server", ...LOCAL, "--tap", "refused0"];
    const refused = await host.run(argv, { allowFailure: true });
    await assertRefused(refused, SYSTEM, 'Opening the TAP device "refused0" is not permitted.');
    assert.match(refused.stderr, /needs root or CAP_NET_ADMIN/);
  });

  test("refuses a device name in use, by a TAP or by another kind of device", async () => {
    const other = await startServer(host, [...LOCAL, "--tap", "taken0"]);
    const sentence = 'The TAP device "taken0" is in use by another process.';
    await assertRefused(await runVpn("server", ...LOCAL, "--tap", "taken0"), SYSTEM, sentence);
    await other.stop();
    const foreign = '"lo" is the name of an interface that is not a TAP device.';
    await assertRefused(await runVpn("server", ...LOCAL, "--tap", "lo"), CONFIGURATION, foreign);
  });

  test("refuses addresses that no host can have, and addresses without a TAP", async () => {
    const tap = [...LOCAL, "--tap", "refused0", "--address"];
    for (const [address, sentence] of [
      ["10.9.0.1", '"10.9.0.1" is not an address with a prefix length.'],
      ["10.9.0.1/33", '"10.9.0.1/33" is not an address with a prefix length.'],
      ["10.9.0.0/24", '"10.9.0.0/24" is not the address of one host'],
      ["127.0.0.1/8", '127.0.0.1 is already an address of "lo".'],
    ] as const) {
      await assertRefused(await runVpn("server", ...tap, address), CONFIGURATION, sentence);
    }
    const alone = await runVpn("server", ...LOCAL, "--address", "10.9.0.1/24");
    await assertRefused(alone, CONFIGURATION, "--address needs --tap");
  });

  test("refuses an MTU that no device has", async () => {
    for (const mtu of ["67", "65522", "1e9", "big"]) {
      await assertRefused(await runVpn("server", ...LOCAL, "--mtu", mtu), CONFIGURATION, "a number from 68 to 65521");
    }
  });

  test("refuses a URL that is none, without repeating its password", async () => {
    for (const url of ["http://host/", "vpn.example", "ws://", "wss://ada:geheim@:99999/", "ftp://ada:geheim@host/"]) {
      const refused = await runVpn("client", "--tap", "refused0", url);
      await assertRefused(refused, CONFIGURATION, "is no ws:// or wss:// URL.");
      assert.doesNotMatch(refused.stderr, /geheim/);
    }
    const refused = await runVpn("client", "--tap", "refused0", "ws://ada:50%@host/");
    await assertRefused(refused, CONFIGURATION, "Write % as %25");
  });

  test("refuses an address to listen on that is none", async () => {
    for (const [address, sentence] of [
      ["ftp://127.0.0.1", "it is no address."],
      ["tcp://127.0.0.1", "it needs a port from 0 to 65535."],
      ["http://127.0.0.1:65536", "it needs a port from 0 to 65535."],
      ["unix:", "a path has 1 to 107 bytes."],
      [`unix:/${"x".repeat(107)}`, "a path has 1 to 107 bytes."],
      ["unix:/nonexistent/vpn.sock", "The folder of the socket must exist"],
      ["http://192.0.2.1:80", "--allow-anonymous"],
    ] as const) {
      await assertRefused(await runVpn("server", "--listen", address), CONFIGURATION, sentence);
    }
    const far = await runVpn("server", "--listen", "http://192.0.2.1:80", "--allow-anonymous");
    await assertRefused(far, CONFIGURATION, "No interface of this machine has that address.");
  });

  test("refuses a listener that strangers reach, unless they are asked in", async () => {
    const sentence = "is reachable from other machines, and anyone who reaches it is in.";
    for (const address of ["http://0.0.0.0:0", "tcp://[::]:0", "http://10.1.2.3:0"]) {
      await assertRefused(await runVpn("server", "--listen", address), CONFIGURATION, sentence);
    }
    await assertRefused(await runVpn("0.0.0.0:3031"), CONFIGURATION, sentence);
    await assertRefused(await runVpn(":3031"), CONFIGURATION, sentence);
  });

  test("refuses TLS with half of its files, with unreadable ones, and with ones that do not fit", async () => {
    const https = ["server", "--listen", "https://127.0.0.1:0"];
    const { server, authority } = certificates;
    for (const [flags, sentence] of [
      [["--tls-cert", server.certificate], "--tls-cert and --tls-key go together"],
      [["--tls-cert", "/nonexistent", "--tls-key", server.key], "cannot read /nonexistent:"],
      [["--tls-cert", directory, "--tls-key", server.key], `cannot read ${directory}:`],
      [["--tls-cert", server.certificate, "--tls-key", authority.key], "cannot use"],
      [["--tls-cert", server.key, "--tls-key", server.key], "cannot use"],
    ] as const) {
      await assertRefused(await runVpn(...https, ...flags), CONFIGURATION, sentence);
    }
  });

  test("refuses files of the client that it cannot use", async () => {
    const { client } = certificates;
    const garbage = join(directory, "garbage");
    writeFileSync(garbage, "no colon, no PEM\n");
    for (const [flags, sentence] of [
      [["--ca", "/nonexistent"], "cannot read /nonexistent, given with --ca"],
      [["--crt", client.certificate], "--crt and --key go together"],
      [["--crt", client.certificate, "--key", garbage], "cannot use"],
      [["--auth-file", "/nonexistent"], "cannot read /nonexistent, given with --auth-file"],
      [["--auth-file", garbage], "does not hold one line of the form user:password."],
    ] as const) {
      const refused = await runVpn("client", "--tap", "refused0", ...flags, "wss://127.0.0.1/");
      await assertRefused(refused, CONFIGURATION, sentence);
      assert.doesNotMatch(refused.stderr, /no colon/);
    }
  });

  test("refuses to go on when --exec fails, and takes the TAP away again", async () => {
    const failing = ["--exec", "echo its own words >&2; exit 7"];
    const sentence = "the --exec command failed (exit code 7): echo its own words >&2; exit 7";
    const refusals = [
      await runVpn("server", ...LOCAL, "--tap", "refused0", ...failing),
      await runVpn("client", "--tap", "refused0", ...failing, "ws://127.0.0.1/"),
      await runVpn("--tuntap", "refused0", ...failing, join(directory, "sock")),
      await runLegacyClient(...failing, "refused0", "ws://127.0.0.1/"),
    ];
    for (const refused of refusals) {
      await assertRefused(refused, CONFIGURATION, sentence);
      assert.match(refused.stderr, /^its own words$/m);
    }
  });

  test("refuses a port, a socket and a path in use", async () => {
    const socket = join(directory, "taken.sock");
    const other = await startServer(host, ["--listen", "http://127.0.0.1:8081", "--listen", `unix:${socket}`]);
    const tap = ["--tap", "refused0"];
    const port = await runVpn("server", "--listen", "http://127.0.0.1:8081", ...tap);
    await assertRefused(port, CONFIGURATION, "Another program listens there: stop it, or choose another port.");
    const path = await runVpn("server", "--listen", `unix:${socket}`, ...tap);
    await assertRefused(path, CONFIGURATION, "another program listens there.");
    await other.stop();
    const file = join(directory, "file");
    writeFileSync(file, "");
    const precious = await runVpn("server", "--listen", `unix:${file}`, ...tap);
    await assertRefused(precious, CONFIGURATION, "a file that is no socket is there.");
  });

  test("refuses users and groups that are not there, or that are root", async () => {
    for (const [flags, sentence] of [
      [["--uid", "nosuchuser"], 'there is no user "nosuchuser", given with --uid.'],
      [["--uid", "nobody", "--gid", "nosuchgroup"], 'there is no group "nosuchgroup", given with --gid.'],
      [["--uid", "root"], "--uid is root: that drops nothing."],
      [["--uid", "nobody", "--gid", "0"], "--gid is root's group: that drops nothing."],
      [["--uid", "4242"], "give --gid as well."],
    ] as const) {
      await assertRefused(await runVpn("server", ...LOCAL, "--tap", "refused0", ...flags), CONFIGURATION, sentence);
    }
  });

  test("starts as nobody with a configuration that is root's alone, and takes no other's state as root", async () => {
    const [config, state] = [join(directory, "server.yaml"), join(directory, "state")];
    writeFileSync(config, `listen: ["http://127.0.0.1:0"]\nauthentication: [{kind: tokens}]\nstate_dir: ${state}\n`);
    chmodSync(config, 0o600);
    const server = await startServer(host, ["--config", config, "--uid", "nobody"]);
    assert.equal((await server.stop()).status, 0);
    const asRoot = await runVpn("server", "--config", config);
    await assertRefused(asRoot, CONFIGURATION, `${state} belongs to another user (uid 65534).`);
    assert.match(asRoot.stderr, /--uid .*chown -R root /);
  });
});
