import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { GrantDecision } from "../../src/access/grant.ts";
import type { Identity } from "../../src/access/identity.ts";
import { Policy, type Visit } from "../../src/access/policy.ts";
import type { PolicyData, PolicyRules } from "../../src/access/policy-rules.ts";
import { ConfigError } from "../../src/base/errors.ts";
import { parseServerConfig } from "../../src/config/load-server-config.ts";
import { parseIpPrefix } from "../../src/wire/ip-prefix.ts";

const USERS = ["alice", "bob", "anonymous", "__proto__"];
const GROUPS = ["staff", "lab-people", "constructor"];
const NETWORKS = ["office", "lab", "guests"];
const PREFIXES = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"].map((text) => {
  const prefix = parseIpPrefix(text);
  assert.ok(prefix !== undefined);
  return prefix;
});
/** Which of the prefixes hold it. */
const ADDRESSES: Readonly<Record<string, readonly number[]>> = {
  "10.1.2.3": [0, 3],
  "192.0.2.7": [1, 3],
  "::ffff:192.0.2.8": [3],
  "2001:db8::7": [2],
  "fe80::1": [],
  "": [],
};

const rules: fc.Arbitrary<PolicyRules> = fc.record(
  {
    networks: fc.subarray(NETWORKS),
    bridge: fc.boolean(),
    sessions: fc.integer({ min: 1, max: 9 }),
    yields: fc.constantFrom("oldest" as const, "newest" as const),
    vlans: fc.option(fc.subarray([0, 10, 20]), { nil: undefined }),
    expiresMs: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    from: fc.option(fc.subarray(PREFIXES), { nil: undefined }),
    deny: fc.boolean(),
  },
  { requiredKeys: [] },
);

const data: fc.Arbitrary<PolicyData> = fc.record({
  networks: fc
    .subarray(NETWORKS, { minLength: 1 })
    .map((names) => names.map((name) => ({ name, path: name === "guests" ? undefined : `/${name}` }))),
  defaults: rules,
  groups: fc
    .shuffledSubarray(GROUPS)
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), members: fc.subarray(USERS), rules }))),
    ),
  users: fc
    .subarray(USERS)
    .chain((names) => fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), rules })))),
});

const identity: fc.Arbitrary<Identity> = fc.record({
  user: fc.constantFrom(...USERS),
  groups: fc.subarray([...GROUPS, "unknown"]),
  method: fc.constant("jwt" as const),
  network: fc.option(fc.constantFrom(...NETWORKS, "gone"), { nil: undefined }),
  expiresMs: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  credentialId: fc.constant(""),
});

const visit: fc.Arbitrary<Visit> = fc.record({
  address: fc.constantFrom(...Object.keys(ADDRESSES)),
  path: fc.constantFrom("/", "/office", "/l%61b?x", "/guests"),
  nowMs: fc.integer({ min: 0, max: 100 }),
});

const PATH_NETWORKS: Readonly<Record<string, string>> = { "/office": "office", "/l%61b?x": "lab" };

/** The policy read aloud: one question after the other, each asked of the levels from the top. */
function naiveDecision(policy: PolicyData, who: Identity, { address, path, nowMs }: Visit): string {
  const own = policy.users.find(({ name }) => name === who.user)?.rules ?? {};
  const groups = policy.groups
    .filter(({ name, members }) => members.includes(who.user) || who.groups.includes(name))
    .map((group) => group.rules);
  const topDown = [own, ...groups.toReversed(), policy.defaults];
  const say = <Name extends keyof PolicyRules>(name: Name): PolicyRules[Name] =>
    topDown.find((level) => Object.hasOwn(level, name))?.[name];

  if (own.deny === undefined ? topDown.some((level) => level.deny) : own.deny) return "denied";
  const ends = [say("expiresMs"), who.expiresMs].filter((end) => end !== undefined);
  if (ends.some((end) => end <= nowMs)) return "expired";
  const from = say("from");
  const holding = (ADDRESSES[address] ?? []).map((index) => PREFIXES[index]);
  if (from !== undefined && !from.some((prefix) => holding.includes(prefix))) return "from-elsewhere";

  const all = policy.networks.map(({ name }) => name);
  const ofGroups = groups.filter((level) => level.networks !== undefined).map((level) => level.networks ?? []);
  const stated = own.networks ?? (ofGroups.length > 0 ? ofGroups.flat() : policy.defaults.networks);
  const allowed = (stated ?? (all.length === 1 ? all : [])).filter((name) => all.includes(name));
  const atPath = PATH_NETWORKS[path];
  const wanted = who.network ?? (atPath !== undefined && all.includes(atPath) ? atPath : allowed[0]);
  if (allowed.length === 0) return "no-network";
  if (wanted === undefined || !allowed.includes(wanted)) return "not-in-network";
  const sessions = say("sessions") ?? (who.user === "anonymous" ? 65_536 : 64);
  return JSON.stringify([
    wanted,
    sessions,
    say("yields") ?? "oldest",
    ends.length === 0 ? null : Math.min(...ends),
    say("bridge") ?? false,
    say("vlans") ?? null,
  ]);
}

function inOneLine(decision: GrantDecision): string {
  if (decision.state === "denied") return decision.reason;
  const { network, sessions, yields, expiresMs, rules: port } = decision.grant;
  return JSON.stringify([network, sessions, yields, expiresMs ?? null, port.bridge, port.vlans ?? null]);
}

describe("policy", () => {
  test("decides as its naive twin does", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(data, identity, visit, (policy, who, when) => {
        const decision = inOneLine(new Policy(policy).decide(who, when));
        assert.equal(decision, naiveDecision(policy, who, when));
        seen.add(decision.startsWith("[") ? "granted" : decision);
      }),
      { numRuns: 5_000 },
    );
    const outcomes = ["denied", "expired", "from-elsewhere", "granted", "no-network", "not-in-network"];
    assert.deepEqual([...seen].sort(), outcomes, "each outcome was met");
  });

  test("a denial for everybody never lets anybody in", () => {
    fc.assert(
      fc.property(data, identity, visit, (policy, who, when) => {
        const closed = { ...policy, defaults: { ...policy.defaults, deny: true } };
        const [before, after] = [policy, closed].map((one) => new Policy(one).decide(who, when).state);
        assert.ok(after === "denied" || before === "granted");
      }),
      { numRuns: 1_000 },
    );
  });
});

const EXAMPLE = readFileSync(join(import.meta.dirname, "../../contrib/config/server.yaml"), "utf8");
/** Pieces that mean something in YAML or here. */
const PIECES = [
  ..."{}[],:-#&*!|>'\"%@?\t\n \u0000\ud800",
  "\n---\n",
  "\n...\n",
  "<<: ",
  "!!js ",
  "&a ",
  "*a",
  "null",
  "~",
  "-1",
  ".inf",
  ".nan",
  "1e400",
  "0x",
  "true",
  "__proto__",
  "constructor",
  "users:\n",
  "\n  ",
  "9".repeat(30),
  "::",
  "/0",
  "%YAML 1.1\n---\n",
];

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly piece: string;
}

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.nat(EXAMPLE.length),
    cut: fc.oneof(fc.nat(3), fc.nat(200)),
    piece: fc.oneof(fc.constantFrom(...PIECES), fc.constant(""), fc.string({ unit: "binary", maxLength: 5 })),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Every line has its place, and no line is one of ours from the inside. */
function assertPlaced(error: unknown): void {
  assert.ok(error instanceof ConfigError, `no ConfigError: ${error instanceof Error ? error.stack : error}`);
  for (const line of error.message.split("\n")) {
    assert.match(line, /^server\.yaml:(?:[1-9]\d*:[1-9]\d*: |\x20and \d+ more$)/);
    assert.doesNotMatch(line, /undefined|\[object|TypeError|is not a function|Cannot read/);
  }
}

function assertTotal(text: string): boolean {
  try {
    const { policy } = parseServerConfig(text, "/etc/vpn-ws/server.yaml");
    // What was taken can be asked.
    new Policy(policy).decide(
      { user: "alice", groups: [], method: "token", network: undefined, expiresMs: undefined, credentialId: "" },
      { address: "", path: "/", nowMs: 0 },
    );
    return true;
  } catch (error) {
    assertPlaced(error);
    return false;
  }
}

describe("configuration file", () => {
  test("any change of the text gives a configuration, or an error with its place", () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(edits, (changes) => {
        const text = changes.reduce(
          (before, { at, cut, piece }) => before.slice(0, at) + piece + before.slice(at + cut),
          EXAMPLE,
        );
        if (assertTotal(text)) taken++;
        else refused++;
      }),
      { numRuns: 400 },
    );
    assert.ok(taken > 0 && refused > 0, `${taken} taken, ${refused} refused`);
  });

  test("any value in any place gives a configuration, or an error with its place", () => {
    const keys = [...new Set(EXAMPLE.match(/[a-z_]{3,}(?=:)/g))];
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, "", "any", "office", "10.0.0.0/8", "tcp", "1Mbit"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys, "alice", "unknown"), tie("value"), { maxKeys: 4 }),
      ),
    }));
    const top = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
    // JSON is YAML.
    fc.assert(
      fc.property(top, (document) => void assertTotal(JSON.stringify(document))),
      { numRuns: 600 },
    );
  });

  test("any text at all gives a configuration, or an error with its place", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(fc.constantFrom(...PIECES)).map((all) => all.join("")),
        ),
        (text) => void assertTotal(text),
      ),
      { numRuns: 600 },
    );
  });
});
