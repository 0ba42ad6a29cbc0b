import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { configCommand } from "../../../src/cli/config-command.ts";
import { runToExit } from "../../../src/cli/process-life.ts";

const folder = mkdtempSync(join(tmpdir(), "vpn-ws-config-command-"));
after(() => rmSync(folder, { recursive: true }));

const FILE = join(folder, "server.yaml");
writeFileSync(
  FILE,
  `listen: [https://0.0.0.0:443, unix:/run/x.sock]
authentication: [{ kind: tokens }]
networks:
  office: { tap: vpn0, addresses: [10.9.0.1/24] }
  lab:
defaults: { networks: [office] }
groups:
  staff: { networks: [office, lab], up: 20Mbit }
users:
  alice:
    from: [192.0.2.0/24]
    addresses: [10.9.0.20]
    source_prefixes: [10.9.0.20]
    vlans: [untagged, 10]
    ethertypes: [ipv4, 0x9000]
    expires: 2999-12-31
    acl:
      - { action: allow, protocol: tcp, to: 10.9.0.1, to_ports: [22, 8000-8099] }
      - { action: deny, direction: both, version: 4, from: 10.0.0.0/8, from_ports: 53 }
  mallory: { deny: true }
`,
);

interface Outcome {
  readonly out: string;
  readonly error: string;
  readonly exitCode: unknown;
}

/** Runs the command as the program does, with what it writes. */
async function run(context: TestContext, ...words: readonly string[]): Promise<Outcome> {
  const written = { out: "", error: "" };
  context.mock.method(process.stdout, "write", (text: string) => {
    written.out += text;
    return true;
  });
  context.mock.method(process.stderr, "write", (text: string) => {
    written.error += text;
    return true;
  });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await runToExit("vpn-ws", async () => {
      await configCommand().parseAsync(words, { from: "user" });
    });
    return { ...written, exitCode: process.exitCode ?? 0 };
  } finally {
    process.exitCode = before;
    context.mock.restoreAll();
  }
}

describe("vpn-ws config check", () => {
  test("a good file is summed up", async (context) => {
    const { out, error, exitCode } = await run(context, "check", FILE);
    assert.equal(exitCode, 0);
    assert.equal(error, "");
    assert.equal(
      out,
      `${FILE} is valid.
  listen          https://0.0.0.0:443, unix:/run/x.sock
  networks        office (/office, TAP vpn0), lab (/lab)
  authentication  tokens
  policy          1 group, 2 users
  guard           on
`,
    );
  });

  test("warnings follow the summary, and are no failure", async (context) => {
    const file = join(folder, "loose.yaml");
    writeFileSync(file, "guard: off\ntrusted_proxies: [0.0.0.0/0]\n");
    const { out, exitCode } = await run(context, "check", file);
    assert.equal(exitCode, 0);
    assert.match(out, /guard {11}off\nwarning: trusted_proxies: .*\nwarning: guard: off .*\n$/);
    const { out: json } = await run(context, "check", file, "--json");
    const answer = JSON.parse(json);
    assert.equal(answer.file, file);
    assert.equal(answer.warnings.length, 2);
    assert.deepEqual(answer.config.trustedProxies, ["0.0.0.0/0"]);
  });

  test("a file that everybody can write is warned of", async (context) => {
    const file = join(folder, "open.yaml");
    writeFileSync(file, "{}");
    chmodSync(file, 0o666);
    assert.match((await run(context, "check", file)).out, /\nwarning: every user of this machine can change /);
    chmodSync(file, 0o664);
    assert.doesNotMatch((await run(context, "check", file)).out, /warning/);
  });

  test("all errors of a bad file are shown, with exit code 2", async (context) => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, "lisen: []\nguard: maybe\n");
    const { out, error, exitCode } = await run(context, "check", file);
    assert.equal(exitCode, 2);
    assert.equal(out, "");
    assert.equal(
      error,
      "vpn-ws: bad.yaml:1:1: lisen: unknown key; did you mean listen?\nbad.yaml:2:8: guard: must be a mapping, not text\n",
    );
    assert.equal((await run(context, "check", join(folder, "none.yaml"))).exitCode, 2);
  });

  test("a user's grant is shown for people", async (context) => {
    const { out, exitCode } = await run(
      context,
      "check",
      FILE,
      "--user",
      "alice",
      "--address",
      "192.0.2.7",
      "--path",
      "/office",
    );
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      `alice may join:
  network          office
  until            3000-01-01T00:00:00.000Z
  sessions         64, the oldest one yields
  bridge           no
  macs             any
  source prefixes  10.9.0.20/32
  addresses        10.9.0.20
  isolated         no
  up               unlimited
  down             unlimited
  ethertypes       ipv4, 0x9000
  vlans            untagged, 10
  DHCP server      no
  router           no
  acl 1            allow from-peer tcp to 10.9.0.1/32 port 22,8000-8099
  acl 2            deny both IPv4 from 10.0.0.0/8 port 53
`,
    );
  });

  test("and as JSON, where addresses are text", async (context) => {
    const { out } = await run(context, "check", FILE, "--user", "bob", "--group", "staff", "--path", "/lab", "--json");
    const { state, grant } = JSON.parse(out);
    assert.equal(state, "granted");
    assert.equal(grant.network, "lab");
    assert.deepEqual(grant.rules.up, { bytesPerSecond: 2_500_000, burstBytes: 625_000 });
    const { out: alice } = await run(context, "check", FILE, "--user", "alice", "--address", "192.0.2.7", "--json");
    assert.deepEqual(JSON.parse(alice).grant.rules.addresses, ["10.9.0.20"]);
    assert.deepEqual(JSON.parse(alice).grant.rules.sourcePrefixes, ["10.9.0.20/32"]);
  });

  test("a denial is an answer and no failure", async (context) => {
    const denial = async (...words: readonly string[]) => {
      const { out, exitCode } = await run(context, "check", FILE, ...words);
      assert.equal(exitCode, 0);
      return out;
    };
    assert.match(await denial("--user", "mallory"), /^mallory may not join \(denied\): /);
    assert.match(await denial("--user", "alice"), /\(from-elsewhere\)/);
    assert.match(await denial("--user", "bob", "--path", "/lab"), /\(not-in-network\)/);
    assert.equal(JSON.parse(await denial("--user", "mallory", "--json")).reason, "denied");
  });

  test("a client's file is known by its keys, or by --client, and summed up without its secrets", async (context) => {
    const path = join(folder, "client.yaml");
    const text = "servers: [wss://ada:s3cret@vpn.example/]\nheaders: { X-Door: s3cret }\nproxy: http://u:s3cret@p:1\n";
    writeFileSync(path, text, { mode: 0o600 });
    for (const words of [[], ["--client"], ["--json"]]) {
      const { out, error, exitCode } = await run(context, "check", path, ...words);
      assert.deepEqual([error, exitCode], ["", 0]);
      assert.match(out, /wss:\/\/vpn\.example\/[\s\S]*http:\/\/p:1/);
      assert.doesNotMatch(out, /s3cret/);
    }
    const server = await run(context, "check", FILE, "--client");
    assert.equal(server.exitCode, 2);
    assert.match(server.error, /server\.yaml:1:1: listen: unknown key/);
  });

  test("flags that make no sense are refused", async (context) => {
    const { error, exitCode } = await run(context, "check", FILE, "--path", "/lab");
    assert.deepEqual([error, exitCode], ["vpn-ws: --path needs --user: it is about a user.\n", 2]);
    const wrong = await run(context, "check", FILE, "--user", "bob", "--address", "here");
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.error, /it is no IP address/);
    assert.equal((await run(context, "check", FILE, "more")).exitCode, 2);
  });
});
