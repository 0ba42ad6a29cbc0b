import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { configWarnings } from "../../../src/config/config-warnings.ts";
import { loadServerConfig, parseServerConfig } from "../../../src/config/load-server-config.ts";
import { DEFAULT_SERVER_CONFIG, type ServerConfig } from "../../../src/config/server-config.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { formatIpAddress, formatIpPrefix } from "../../../src/wire/ip-prefix.ts";

const EXAMPLE = join(import.meta.dirname, "../../../contrib/config/server.yaml");

const parse = (text: string): ServerConfig => parseServerConfig(text, "/etc/vpn-ws/server.yaml");
const rulesOf = (text: string) => parse(`networks: {office: {}, lab: {}}\ndefaults: ${text}`).policy.defaults;

/** The lines of the error that a text makes. */
function errorsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split("\n");
  }
  assert.fail(`taken: ${text}`);
}

/** The text is refused at this place, with these words. */
function refused(text: string, place: string, words: RegExp): void {
  const line = errorsOf(text).find((one) => one.startsWith(`server.yaml:${place}: `));
  assert.ok(line !== undefined, `nothing at ${place}: ${errorsOf(text).join(" | ")}`);
  assert.match(line, words);
}

function assertFrozen(value: unknown, where: string): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  assert.ok(Object.isFrozen(value), where);
  for (const [name, part] of Object.entries(value)) assertFrozen(part, `${where}.${name}`);
}

describe("server.yaml: values", () => {
  test("the example is valid, and switches nothing on that is dangerous", () => {
    const config = loadServerConfig(EXAMPLE);
    assert.deepEqual(configWarnings(config), []);
    assert.deepEqual(config.guard, GUARD_DEFAULTS, "it shows the defaults");
    assertFrozen(config, "config");
  });

  test("an empty mapping is the default configuration", () => {
    assert.deepEqual(parse("{}"), DEFAULT_SERVER_CONFIG);
    assertFrozen(parse("{}"), "config");
  });

  test("addresses, files and origins are in the form that is compared", () => {
    const config = parse(`
listen: [https://0.0.0.0:443, "unix:/run/x.sock"]
tls: { certificate: tls/cert.pem, key: /abs/key.pem }
trusted_proxies: [10.0.0.0/8, "::1"]
allowed_origins: ["https://VPN.example.com:443/"]`);
    assert.deepEqual(config.listen[1], { kind: "unix", path: "/run/x.sock" });
    assert.equal(config.tls.certificate, "/etc/vpn-ws/tls/cert.pem");
    assert.equal(config.tls.key, "/abs/key.pem");
    assert.deepEqual(config.trustedProxies.map(formatIpPrefix), ["10.0.0.0/8", "::1/128"]);
    assert.deepEqual(config.allowedOrigins, ["https://vpn.example.com"]);
  });

  test("the chain of authenticators keeps its order and gets its defaults", () => {
    const { authentication } = parse(`
tls: { client_ca: ca.pem }
authentication:
  - { kind: tokens }
  - { kind: web-server }
  - { kind: certificate, user: email }
  - { kind: htpasswd, file: users }
  - { kind: jwt, issuer: "https://id.example.com", audience: vpn, jwks: keys.json }
  - { kind: jwt, issuer: "https://id.example.org", audience: vpn, jwks: "https://id.example.org/keys" }
  - { kind: jwt, issuer: "http://127.0.0.1:8000", audience: vpn, groups_claim: roles }`);
    const claims = { kind: "jwt", audience: "vpn", userClaim: "sub", groupsClaim: "groups" };
    assert.deepEqual(authentication, [
      { kind: "tokens" },
      { kind: "web-server", certificateUser: "common-name" },
      { kind: "certificate", user: "email" },
      { kind: "htpasswd", file: "/etc/vpn-ws/users" },
      { ...claims, issuer: "https://id.example.com", jwks: { kind: "file", file: "/etc/vpn-ws/keys.json" } },
      { ...claims, issuer: "https://id.example.org", jwks: { kind: "url", url: "https://id.example.org/keys" } },
      { ...claims, issuer: "http://127.0.0.1:8000", groupsClaim: "roles", jwks: { kind: "discovery" } },
    ]);
  });

  test("networks keep the file's order; one without a path is at its name; an entry may be empty", () => {
    const { networks, policy } = parse("networks: { z: { path: /office, tap: vpn0, addresses: [10.9.0.1/24] }, a: }");
    assert.deepEqual(
      networks.map(({ name, path, tap }) => [name, path, tap]),
      [
        ["z", "/office", "vpn0"],
        ["a", "/a", undefined],
      ],
    );
    assert.deepEqual(policy.networks, networks);
    assert.deepEqual(networks[0]?.addresses, ["10.9.0.1/24"]);
  });

  test("every rule becomes a value", () => {
    const rules = rulesOf(
      `
  networks: [lab, office]
  bridge: true
  macs: [02-00-00-00-00-0A]
  max_macs: 7
  source_prefixes: [10.9.0.0/24, "fd00::/8"]
  addresses: [10.9.0.20, "fd00::20"]
  isolated: true
  sessions: 2
  yields: newest
  up: 20Mbit
  down: { rate: 8kbit, burst: 1MB }
  ethertypes: [ipv4, 0x88cc, llc]
  vlans: [untagged, 10, 20-22, 21]
  dhcp_server: true
  router: true
  expires: 2027-01-31
  from: 192.0.2.0/24
  deny: false`.replace("from: 192.0.2.0/24", "from: [192.0.2.0/24]"),
    );
    const { sourcePrefixes, addresses, from, ...plain } = rules;
    assert.deepEqual(plain, {
      networks: ["lab", "office"],
      bridge: true,
      macs: ["02:00:00:00:00:0a"],
      maxMacs: 7,
      isolated: true,
      sessions: 2,
      yields: "newest",
      up: { bytesPerSecond: 2_500_000, burstBytes: 625_000 },
      down: { bytesPerSecond: 1_000, burstBytes: 1_000_000 },
      etherTypes: [0x0800, 0x88cc, 0],
      vlans: [0, 10, 20, 21, 22],
      dhcpServer: true,
      router: true,
      expiresMs: Date.UTC(2027, 1, 1),
      deny: false,
    });
    assert.deepEqual(sourcePrefixes?.map(formatIpPrefix), ["10.9.0.0/24", "fd00::/8"]);
    assert.deepEqual(addresses?.map(formatIpAddress), ["10.9.0.20", "fd00::20"]);
    assert.deepEqual(from?.map(formatIpPrefix), ["192.0.2.0/24"]);
  });

  test("what is left out is absent, and what is lifted is there without a value", () => {
    assert.deepEqual(Object.keys(rulesOf("{}")), []);
    const lifted = rulesOf(
      "{ macs: any, source_prefixes: any, up: unlimited, down: unlimited, ethertypes: any, vlans: any, expires: never, from: anywhere }",
    );
    const names = ["macs", "sourcePrefixes", "up", "down", "etherTypes", "vlans", "expiresMs", "from"];
    assert.deepEqual(lifted, Object.fromEntries(names.map((name) => [name, undefined])));
  });

  test("a line of an access list is about what the peer sends, and a single value needs no brackets", () => {
    const { acl } = rulesOf(`
  acl:
    - { action: allow, protocol: tcp, to: 10.9.0.1, to_ports: [22, 8000-8099] }
    - { action: deny, direction: both, version: 6, from: ["fd00::/8"], protocol: 47 }`);
    assert.deepEqual(acl, [
      {
        action: "allow",
        direction: "from-peer",
        ipVersion: undefined,
        protocol: 6,
        source: [],
        destination: [{ version: 4, bytes: Uint8Array.of(10, 9, 0, 1), bits: 32 }],
        sourcePorts: [],
        destinationPorts: [
          { from: 22, to: 22 },
          { from: 8000, to: 8099 },
        ],
      },
      {
        action: "deny",
        direction: "both",
        ipVersion: 6,
        protocol: 47,
        source: [{ version: 6, bytes: Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfd : 0)), bits: 8 }],
        destination: [],
        sourcePorts: [],
        destinationPorts: [],
      },
    ]);
  });

  test("a group has members and rules, a user rules", () => {
    const { groups, users } = parse(`
groups: { staff: { members: [alice, "007"], bridge: true }, empty: }
users: { alice: { sessions: 3 }, anonymous: { isolated: true }, "bob@example.com": }`).policy;
    assert.deepEqual(groups, [
      { name: "staff", members: ["alice", "007"], rules: { bridge: true } },
      { name: "empty", members: [], rules: {} },
    ]);
    assert.deepEqual(users, [
      { name: "alice", rules: { sessions: 3 } },
      { name: "anonymous", rules: { isolated: true } },
      { name: "bob@example.com", rules: {} },
    ]);
  });

  test("a key is the text that is written, also where YAML sees a number", () => {
    const { users } = parse("users: { 007: {}, 0x10: {}, true: {} }").policy;
    assert.deepEqual(
      users.map(({ name }) => name),
      ["007", "0x10", "true"],
    );
  });

  test("every option of the guard has a key, and what is left out keeps its default", () => {
    const { guard } = parse(
      "guard: { arp_spoofing: false, broadcast: { burst: 10 }, shut_time: 1m, mac_ownership_time: 2h }",
    );
    assert.deepEqual(guard, {
      ...GUARD_DEFAULTS,
      arpSpoofing: false,
      broadcast: { perSecond: GUARD_DEFAULTS.broadcast.perSecond, burst: 10 },
      shutMs: 60_000,
      macOwnershipMs: 7_200_000,
    });
    for (const [name, value] of Object.entries(GUARD_DEFAULTS)) {
      const key = name.replace(/Ms$/, "Time").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const other =
        typeof value === "boolean" ? "false" : typeof value === "number" ? "250s" : "{ per_second: 3, burst: 4 }";
      const changed = parse(`guard: { ${key}: ${other} }`).guard as unknown as Record<string, unknown>;
      assert.notDeepEqual(changed[name], value, key);
    }
    assert.equal(parse("guard: off").guard, undefined);
  });

  test("limits that are left out are those of the parts", () => {
    assert.deepEqual(parse("limits: { max_peers: 5, handshake_timeout: 3s }").limits, {
      maxPeers: 5,
      connectionsPerAddress: undefined,
      maxConnections: undefined,
      handshakeTimeoutMs: 3_000,
    });
  });
});

describe("server.yaml: errors", () => {
  test("an error names file, line, column and path, and what was probably meant", () => {
    const text = `networks:
  office: {}
groups:
  staff:
    acl:
      - { action: allow, protocol: tpc }
`;
    assert.deepEqual(errorsOf(text), [
      'server.yaml:6:36: groups.staff.acl[0].protocol: "tpc" is no protocol; did you mean tcp?',
    ]);
  });

  test("all errors are shown in the order of the file, up to twenty", () => {
    const lines = errorsOf("users: { a: { bridge: 1 } }\nlisen: []\nstate_dir: []\nlimits: { max_peers: 0 }");
    assert.deepEqual(lines, [
      "server.yaml:1:23: users.a.bridge: must be true or false, not 1",
      "server.yaml:2:1: lisen: unknown key; did you mean listen?",
      "server.yaml:3:12: state_dir: must be text, not a list",
      "server.yaml:4:22: limits.max_peers: must be at least 1",
    ]);
    const many = errorsOf(Array.from({ length: 25 }, (_, i) => `unknown${i}: 1`).join("\n"));
    assert.equal(many.length, 21);
    assert.equal(many[20], "server.yaml: and 5 more");
  });

  test("YAML itself is refused with its place", () => {
    refused("", "1:1", /must be a mapping, not nothing/);
    refused("a: [", "1:5", /Flow sequence/);
    refused("listen: []\nlisten: []", "2:1", /"listen" is here a second time/);
    refused("users: { a: {}, a: {} }", "1:17", /second time/);
    refused("listen: *x", "1:9", /no anchor &x/);
    refused("state_dir: !!js x", "1:12", /tag/);
    refused("<<: { listen: [] }", "1:1", /unknown key/);
    refused("users: { __proto__: { deny: true } }", "1:10", /__proto__/);
    refused("listen: []\n---\nlisten: []", "2:1", /multiple documents/);
    refused("? [a]\n: 1", "1:3", /string/i);
  });

  test("a bomb of aliases, a deep nest and a large file cost little", () => {
    const bomb = [
      "a: &a [x,x]",
      ...Array.from(
        { length: 30 },
        (_, i) => `b${i}: &b${i} [*${i === 0 ? "a" : `b${i - 1}`},*${i === 0 ? "a" : `b${i - 1}`}]`,
      ),
    ];
    assert.match(errorsOf(bomb.join("\n"))[0] ?? "", /^server\.yaml:1:1: it cannot be read: Excessive alias/);
    assert.match(errorsOf(`a: &a x\nb: [${"*a,".repeat(500)}]`)[0] ?? "", /more aliases than 100/);
    for (const nest of ["[".repeat(200_000), "{a: ".repeat(100_000), "- ".repeat(50_000)]) {
      assert.match(errorsOf(nest)[0] ?? "", /^server\.yaml:\d+:\d+: /);
    }
    assert.throws(() => parse(`#${"x".repeat(2 ** 20)}`), { code: "CONFIG_FILE_TOO_LARGE" });
  });

  test("aliases repeat what they name, and errors behind them are placed", () => {
    const config = parse("users: { a: &a { macs: [02:00:00:00:00:01] }, b: *a }");
    assert.deepEqual(config.policy.users[0]?.rules, config.policy.users[1]?.rules);
    refused("users: { a: &a { macs: [x] }, b: *a }", "1:25", /"x" is no MAC/);
  });

  test("values that would be dangerous slips are refused", () => {
    refused("trusted_proxies: [10.1.2.3/8]", "1:19", /write 10\.0\.0\.0\/8, or 10\.1\.2\.3 for one address/);
    refused("users: { a: { up: { rate: 1Mbit, burst: 1kB } } }", "1:41", /at least \d+B, the largest frame/);
    refused("users: { a: { up: 1bit } }", "1:19", /8kbit/);
    refused("users: { a: { macs: [ff:ff:ff:ff:ff:ff] } }", "1:22", /no MAC address of a device/);
    refused("users: { a: { addresses: [224.0.0.1] } }", "1:27", /no IP address of a host/);
    refused("groups: { a: { members: [7] } }", "1:26", /must be text, not 7/);
    refused('groups: { a: { members: ["a:b"] } }', "1:26", /no name of a user/);
    refused("users: { a: { expires: 2027-02-30 } }", "1:24", /no date/);
    refused("users: { a: { deny: yes } }", "1:21", /true or false, not text/);
    refused("defaults:", "1:10", /mapping, not nothing/);
    refused("users: { a: { acl: [{ action: deny, protocol: icmp, to_ports: 3 }] } }", "1:63", /icmp has no ports/);
    const many = Array.from({ length: 64 }, (_, i) => i).join(", ");
    const rule = `{ action: deny, protocol: tcp, to_ports: [${many}] }`;
    refused(
      `users: { a: { acl: [${Array(17).fill(rule).join(", ")}] } }`,
      "1:20",
      /1088 prefixes and ranges of ports in all/,
    );
    refused("users: { a: { acl: [{ action: deny, version: 4, to: 'fd00::1' }] } }", "1:53", /IP version 4/);
    refused("users: { a: { acl: [{ action: deny, from: 10.0.0.1, to: 'fd00::1' }] } }", "1:57", /that `from` has/);
    refused("allowed_origins: ['*']", "1:19", /no origin/);
    refused("allowed_origins: ['https://a.example/path']", "1:19", /no origin/);
    refused("guard: { shut_time: 10m }", "1:8", /shut_time/);
    refused("guard: none", "1:8", /must be a mapping/);
  });

  test("rules name networks that there are", () => {
    refused("networks: { lab: }\ndefaults: { networks: [labb] }", "2:24", /did you mean lab\?/);
    refused("defaults: { networks: [office] }", "1:24", /there is default/);
    assert.deepEqual(parse("defaults: { networks: [default] }").policy.defaults.networks, ["default"]);
  });

  test("networks do not share a path or a TAP, and addresses need a TAP", () => {
    refused("networks: { a: { path: /x }, b: { path: /x } }", "1:41", /\/x is already that of a/);
    refused("networks: { a: , b: { path: /a } }", "1:29", /already that of a/);
    refused("networks: { a: { tap: t }, b: { tap: t } }", "1:38", /t is already that of a/);
    refused("networks: { a: { addresses: [10.0.0.1/8] } }", "1:29", /give the network a tap/);
    refused("networks: { a: { tap: vpn%d } }", "1:23", /network device/);
    refused("networks: { a: { path: '/x?y' } }", "1:24", /no path/);
    refused("networks: { 'a b': {} }", "1:13", /no name of a network/);
    refused("networks: { a: { tap: t, addresses: [10.0.0.1] } }", "1:38", /prefix length/);
  });

  test("operators come by names, to addresses and a path of their own", () => {
    const { control } = parse(
      "control: { listen: [none, 'http://127.0.0.1:81', 'unix:/run/c'], path: /a/b, hosts: [VPN.example], admins: [ann, '@ops'], viewers: [bob], session: 30m }",
    );
    assert.deepEqual(control, {
      listen: [
        { kind: "http", host: "127.0.0.1", port: 81 },
        { kind: "unix", path: "/run/c" },
      ],
      isLocal: false,
      path: "/a/b",
      hosts: ["vpn.example"],
      admins: ["ann", "@ops"],
      viewers: ["bob"],
      sessionMs: 1_800_000,
    });
    refused("control: { listen: ['tcp://127.0.0.1:81'] }", "1:21", /no address for the control API/);
    refused("control: { listen: [nonw] }", "1:21", /no address/);
    for (const path of ["admin", "/", "/admin/", "/a//b", "/..", "/a%62", "'/a?b'"]) {
      refused(`control: { path: ${path} }`, "1:18", /no path such as \/admin/);
    }
    refused("control: { path: /a }\nnetworks: { a: { path: /a } }", "1:18", /clients of the network a go/);
    refused("control: { path: /a }\nnetworks: { a: { path: /a/x } }", "1:18", /clients of the network a go/);
    refused("control: { admins: [anonymous] }", "1:21", /no name of a user/);
    refused("control: { admins: ['@'] }", "1:21", /no name of a user/);
    refused("control: { hosts: ['a b'] }", "1:20", /no name of a host/);
    refused("control: { session: 10s }", "1:21", /from 1m to 30d/);
  });

  test("authenticators are complete, and do not repeat", () => {
    refused("authentication: [{ kind: htpaswd }]", "1:26", /did you mean htpasswd\?/);
    refused("authentication: [{}]", "1:18", /kind: is missing/);
    refused("authentication: [{ kind: htpasswd }]", "1:18", /file: is missing/);
    refused("authentication: [{ kind: jwt, issuer: 'http://id.example.com', audience: a }]", "1:39", /no https URL/);
    refused(
      "authentication: [{ kind: jwt, issuer: 'https://a', audience: a, jwks: 'http://a/k' }]",
      "1:71",
      /no https URL/,
    );
    refused("authentication: [{ kind: certificate }]", "1:18", /tls\.client_ca/);
    refused("authentication: [{ kind: tokens }, { kind: tokens }]", "1:36", /already in the list/);
    refused("tls: { certificate: a }", "1:6", /a certificate and no key/);
    refused("tls: { key: a }", "1:6", /a key and no certificate/);
    refused("tls: { client_crl: a }", "1:6", /no client_ca/);
  });

  test("what an error repeats of the file is short and printable", () => {
    const [line = ""] = errorsOf(`users: { a: { up: "${"x".repeat(500)}\\e[31m" } }`);
    assert.ok(line.length < 200, line);
    const [other = ""] = errorsOf('users: { a: { up: "\\e[31m\\u202e" } }');
    assert.match(other, /^[\x20-\x7e]+$/);
  });
});

describe("server.yaml: the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "vpn-ws-config-"));
  after(() => rmSync(folder, { recursive: true }));

  const written = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  test("a file that is missing, a folder, a device or too large is refused in a sentence", () => {
    assert.throws(() => loadServerConfig(join(folder, "none.yaml")), {
      code: "CONFIG_FILE_UNREADABLE",
      message: `cannot read the configuration file ${folder}/none.yaml: ENOENT: no such file or directory.`,
    });
    assert.throws(() => loadServerConfig(folder), { code: "CONFIG_FILE_UNREADABLE" });
    assert.throws(() => loadServerConfig("/dev/zero"), { code: "CONFIG_FILE_UNREADABLE", message: /no regular file/ });
    assert.throws(() => loadServerConfig(written("big.yaml", Buffer.alloc(2 ** 20 + 1, "#"))), {
      code: "CONFIG_FILE_TOO_LARGE",
    });
  });

  test("bytes that are no UTF-8 are refused with their place; a byte order mark is not", () => {
    const bytes = Buffer.concat([Buffer.from("users:\n  a"), Buffer.of(0xff), Buffer.from(": {}\n")]);
    assert.throws(() => loadServerConfig(written("latin1.yaml", bytes)), { message: "latin1.yaml:2:4: is no UTF-8" });
    assert.deepEqual(loadServerConfig(written("bom.yaml", "\ufeff{}")), DEFAULT_SERVER_CONFIG);
  });

  test("relative paths start at the folder of the file", () => {
    assert.equal(loadServerConfig(written("state.yaml", "state_dir: state")).stateDir, join(folder, "state"));
  });
});

describe("server.yaml: warnings", () => {
  const warned = (text: string, words: RegExp): void =>
    assert.match(configWarnings(parse(text)).join("\n"), words, text);

  test("what is dangerous is said", () => {
    warned("listen: [https://0.0.0.0:443]", /no authentication: the server will not start/);
    warned("listen: [https://0.0.0.0:443]\nallow_anonymous: true", /anyone who reaches https:\/\/0\.0\.0\.0:443 is in/);
    warned("listen: [http://10.0.0.1:80]\nauthentication: [{ kind: tokens }]", /not encrypted/);
    warned("trusted_proxies: [0.0.0.0/0]", /from 0\.0\.0\.0\/0 can claim to be any user/);
    warned("trusted_proxies: ['::/0']", /any user/);
    warned("guard: off", /guard: off/);
    warned("guard: { arp_spoofing: false, storm_control: false }", /switched off: arp_spoofing, storm_control\./);
    warned("authentication: [{ kind: web-server }]", /finds nobody/);
    warned("tls: { client_ca: ca.pem }", /uses it/);
    warned("hooks: { leave: { webhook: http://192.0.2.1/s3cret } }", /^hooks\.leave\.webhook is not https: [^/]*$/);
    warned("control: { listen: ['http://0.0.0.0:81'] }", /^control: http:\/\/0\.0\.0\.0:81 is not encrypted/);
    warned("control: { path: /admin }", /^control\.path: nobody may look/);
    warned("control: { admins: [ann] }", /^control: admins and viewers need authentication/);
    warned("networks: { a: , b: }\ndefaults: { networks: [a] }", /^networks\.b: no rules let anybody join/);
  });

  test("an address that two have, or too many, is said, network by network", () => {
    const networks = "networks: { lab: { tap: t0, addresses: [10.9.0.1/24, 'fd00:0::1/64'] }, home: }";
    const users = (ann: string, bob: string): string =>
      `${networks}\ndefaults: { networks: [lab, home] }\nusers:\n  ann: ${ann}\n  bob: ${bob}`;
    warned(users("{ addresses: [10.9.0.1] }", "{}"), /^networks\.lab: 10\.9\.0\.1 is the server's and ann's: only one/);
    warned(users("{ addresses: ['fd00::1'] }", "{}"), /fd00::1 is the server's and ann's/);
    warned(
      users("{ addresses: [10.9.0.2] }", "{ addresses: [10.9.0.2] }"),
      /networks\.home: 10\.9\.0\.2 is ann's and bob's/,
    );
    const four = "addresses: [10.9.0.2, 10.9.0.3, 10.9.0.4, 10.9.0.5]";
    warned(users(`{ ${four}, vlans: ['1-4094'] }`, "{ addresses: [10.9.0.6], vlans: ['1-10'] }"), /only 16384 of them/);
    const apart = "{ addresses: [10.9.0.2], networks: [home] }";
    const both = users(apart, "{ addresses: [10.9.0.2, 10.9.0.3], networks: [lab] }");
    assert.deepEqual(configWarnings(parse(both)), []);
  });

  test("what is not, is not", () => {
    for (const text of [
      "{}",
      "listen: [http://127.0.0.1:80, 'unix:/run/x']",
      "listen: ['unix:/run/x']\nauthentication: [{ kind: web-server }]",
      "trusted_proxies: [10.0.0.0/8]",
      "networks: { a: }",
      "control: { listen: [none, 'https://0.0.0.0:81'], admins: [ann] }\nauthentication: [{ kind: tokens }]",
      "hooks: { join: { webhook: http://127.0.0.1:8000/x }, leave: { webhook: https://example.org/x } }",
      "listen: [https://0.0.0.0:443]\nauthentication: [{ kind: tokens }]",
    ]) {
      assert.deepEqual(configWarnings(parse(text)), [], text);
    }
  });
});
