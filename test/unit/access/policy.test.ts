import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Grant } from "../../../src/access/grant.ts";
import { ANONYMOUS, type Identity } from "../../../src/access/identity.ts";
import { Policy, type Visit } from "../../../src/access/policy.ts";
import type { PolicyData, PolicyRules } from "../../../src/access/policy-rules.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const NOW_MS = 1_800_000_000_000;

const OFFICE = { name: "office", path: "/office" };
const LAB = { name: "lab", path: "/lab" };

const person = (user: string, more: Partial<Identity> = {}): Identity => ({
  user,
  groups: [],
  method: "htpasswd",
  network: undefined,
  expiresMs: undefined,
  credentialId: "",
  ...more,
});

const visit = (more: Partial<Visit> = {}): Visit => ({ address: "192.0.2.7", path: "/", nowMs: NOW_MS, ...more });

const policyOf = (data: Partial<PolicyData>): Policy =>
  new Policy({ networks: [OFFICE, LAB], defaults: {}, groups: [], users: [], ...data });

function granted(policy: Policy, identity: Identity, more: Partial<Visit> = {}): Grant {
  const decision = policy.decide(identity, visit(more));
  assert.equal(decision.state, "granted", JSON.stringify(decision));
  return (decision as { grant: Grant }).grant;
}

function refused(policy: Policy, identity: Identity, more: Partial<Visit> = {}): string {
  const decision = policy.decide(identity, visit(more));
  assert.equal(decision.state, "denied", JSON.stringify(decision));
  return (decision as { reason: string }).reason;
}

const prefix = (text: string): IpPrefix => parseIpPrefix(text) as IpPrefix;
const user = (name: string, rules: PolicyRules) => ({ name, rules });
const group = (name: string, members: readonly string[], rules: PolicyRules) => ({ name, members, rules });

describe("policy: levels of rules", () => {
  test("without any rule a peer gets the defaults of a port, and is no bridge", () => {
    const policy = policyOf({ networks: [] });
    const grant = granted(policy, person("alice"));
    assert.deepEqual(grant.rules, DEFAULT_PORT_RULES);
    assert.equal(grant.network, "default");
    assert.equal(grant.yields, "oldest");
    assert.equal(grant.expiresMs, undefined);
    assert.ok(grant.sessions < 100, "one account does not fill the server");
    assert.ok(granted(policy, person(ANONYMOUS)).sessions > 10_000, "those without a name share one user");
  });

  test("a group replaces the defaults, a later group the earlier one, and the user all of them", () => {
    const policy = policyOf({
      networks: [OFFICE],
      defaults: { sessions: 1, maxMacs: 1, bridge: true, isolated: true },
      groups: [
        group("late-in-the-alphabet", ["alice"], { sessions: 2, maxMacs: 2 }),
        group("early", ["alice"], { sessions: 3 }),
      ],
      users: [user("alice", { isolated: false })],
    });
    const { sessions, rules } = granted(policy, person("alice"));
    assert.equal(sessions, 3);
    assert.equal(rules.maxMacs, 2);
    assert.equal(rules.bridge, true);
    assert.equal(rules.isolated, false);
    assert.equal(granted(policy, person("bob")).sessions, 1);
  });

  test("a group is joined by the file or by what the credentials say; a group that the file does not know is nothing", () => {
    const policy = policyOf({ networks: [OFFICE], groups: [group("staff", ["alice"], { bridge: true })] });
    const mayBridge = (identity: Identity) => granted(policy, identity).rules.bridge;
    assert.equal(mayBridge(person("alice")), true);
    assert.equal(mayBridge(person("bob")), false);
    assert.equal(mayBridge(person("bob", { groups: ["admins", "staff"] })), true);
    assert.equal(mayBridge(person("bob", { groups: ["__proto__", "constructor"] })), false);
  });

  test("undefined lifts what a level below says", () => {
    const policy = policyOf({
      networks: [OFFICE],
      defaults: { vlans: [0], up: { bytesPerSecond: 1, burstBytes: 1 }, expiresMs: 1, from: [] },
      users: [user("alice", { vlans: undefined, up: undefined, expiresMs: undefined, from: undefined })],
    });
    const { rules } = granted(policy, person("alice"));
    assert.equal(rules.vlans, undefined);
    assert.equal(rules.up, undefined);
    assert.equal(refused(policy, person("bob")), "expired");
  });

  test("names that every object has are names like others", () => {
    const policy = policyOf({ networks: [OFFICE], users: [user("constructor", { bridge: true })] });
    assert.equal(granted(policy, person("constructor")).rules.bridge, true);
    assert.equal(granted(policy, person("__proto__")).rules.bridge, false);
    assert.equal(granted(policy, person("toString")).rules.bridge, false);
  });

  test("peers without a name have a user of their own", () => {
    const policy = policyOf({ networks: [OFFICE], users: [user(ANONYMOUS, { isolated: true, sessions: 5 })] });
    const grant = granted(policy, person(ANONYMOUS, { method: "anonymous" }));
    assert.equal(grant.rules.isolated, true);
    assert.equal(grant.sessions, 5);
  });
});

describe("policy: who may come in", () => {
  test("deny of any level holds, and only the user's own rules lift it", () => {
    const policy = policyOf({
      networks: [OFFICE],
      defaults: { deny: true },
      groups: [group("staff", ["alice", "bob"], { deny: false })],
      users: [user("alice", { deny: false }), user("carol", {})],
    });
    granted(policy, person("alice"));
    for (const name of ["bob", "carol", "stranger"]) assert.equal(refused(policy, person(name)), "denied", name);

    const byGroup = policyOf({ networks: [OFFICE], groups: [group("gone", ["dave"], { deny: true })] });
    assert.equal(refused(byGroup, person("dave")), "denied");
    assert.equal(refused(byGroup, person("erin", { groups: ["gone"] })), "denied");
    granted(byGroup, person("erin"));
  });

  test("an end is the earlier one of the rules' and the credentials', and is over when it is reached", () => {
    const policy = policyOf({ networks: [OFFICE], users: [user("alice", { expiresMs: NOW_MS + 10 })] });
    assert.equal(granted(policy, person("alice")).expiresMs, NOW_MS + 10);
    assert.equal(granted(policy, person("alice", { expiresMs: NOW_MS + 5 })).expiresMs, NOW_MS + 5);
    assert.equal(granted(policy, person("alice", { expiresMs: NOW_MS + 50 })).expiresMs, NOW_MS + 10);
    assert.equal(granted(policy, person("bob", { expiresMs: NOW_MS + 50 })).expiresMs, NOW_MS + 50);
    granted(policy, person("alice"), { nowMs: NOW_MS + 9 });
    assert.equal(refused(policy, person("alice"), { nowMs: NOW_MS + 10 }), "expired");
    assert.equal(refused(policy, person("bob", { expiresMs: NOW_MS })), "expired");
  });

  test("who must come from some addresses comes from nowhere else, and an address that nobody knows is none", () => {
    const from = [prefix("192.0.2.0/24"), prefix("2001:db8::/32")];
    const policy = policyOf({ networks: [OFFICE], defaults: { from } });
    for (const address of ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8::1"])
      granted(policy, person("alice"), { address });
    for (const address of ["192.0.3.1", "2001:db9::1", "::c000:0201", "", "unknown", "192.0.2"]) {
      assert.equal(refused(policy, person("alice"), { address }), "from-elsewhere", address);
    }
  });

  test("what is said to a peer tells nothing about others", () => {
    const policy = policyOf({ users: [user("alice", { networks: ["office"] })] });
    for (const path of ["/lab", "/"]) {
      const decision = policy.decide(person(path === "/" ? "bob" : "alice"), visit({ path }));
      assert.equal(decision.state, "denied");
      assert.doesNotMatch(JSON.stringify(decision), /alice|office|lab"/);
    }
  });
});

describe("policy: which network", () => {
  const both: Partial<PolicyData> = { users: [user("alice", { networks: ["lab", "office"] })] };

  test("the path chooses, and without a network at that path the first one that is allowed", () => {
    const policy = policyOf(both);
    const joined = (path: string) => granted(policy, person("alice"), { path }).network;
    assert.equal(joined("/office"), "office");
    assert.equal(joined("/%6fffice?x=1"), "office");
    assert.equal(joined("/lab"), "lab");
    for (const path of ["/", "", "/office/", "/OFFICE", "/%zz"]) assert.equal(joined(path), "lab", path);
  });

  test("the network that credentials were made for goes before the path, and must be allowed", () => {
    const policy = policyOf(both);
    assert.equal(granted(policy, person("alice", { network: "office" }), { path: "/lab" }).network, "office");
    assert.equal(refused(policy, person("alice", { network: "gone" })), "not-in-network");
    const narrow = policyOf({ users: [user("alice", { networks: ["lab"] })] });
    assert.equal(refused(narrow, person("alice", { network: "office" })), "not-in-network");
  });

  test("a network at the path that is not allowed is no reason to put somebody into another", () => {
    const policy = policyOf({ defaults: { networks: ["lab"] } });
    assert.equal(refused(policy, person("alice"), { path: "/office" }), "not-in-network");
    assert.equal(granted(policy, person("alice"), { path: "/elsewhere" }).network, "lab");
  });

  test("networks of groups add up and replace the defaults', the user's own replace all", () => {
    const policy = policyOf({
      networks: [OFFICE, LAB, { name: "guests", path: undefined }],
      defaults: { networks: ["guests"] },
      groups: [
        group("one", ["alice", "bob"], { networks: ["office"] }),
        group("two", ["alice", "bob"], { networks: ["lab"] }),
        group("three", ["alice", "bob"], {}),
      ],
      users: [user("bob", { networks: [] })],
    });
    for (const network of ["office", "lab"]) granted(policy, person("alice", { network }));
    assert.equal(granted(policy, person("alice")).network, "office");
    assert.equal(refused(policy, person("alice", { network: "guests" })), "not-in-network");
    assert.equal(refused(policy, person("bob")), "no-network");
    assert.equal(granted(policy, person("carol")).network, "guests");
  });

  test("where nobody names a network, the only one is meant; of several, none", () => {
    assert.equal(granted(policyOf({ networks: [LAB] }), person("alice")).network, "lab");
    assert.equal(refused(policyOf({}), person("alice")), "no-network");
    assert.equal(refused(policyOf({}), person("alice"), { path: "/lab" }), "no-network");
  });

  test("a network that is gone from the file is allowed to nobody", () => {
    const policy = policyOf({ networks: [LAB], users: [user("alice", { networks: ["gone"] })] });
    assert.equal(refused(policy, person("alice")), "no-network");
    assert.equal(refused(policy, person("alice", { network: "gone" })), "no-network");
  });

  test("the addresses of a network's users are known before they come", () => {
    const addresses = [Uint8Array.of(10, 0, 0, 7)];
    const policy = policyOf({
      groups: [{ name: "staff", members: ["ann", "bob", "dan"], rules: { networks: ["office"], vlans: [10] } }],
      users: [
        { name: "ann", rules: { addresses } },
        { name: "bob", rules: {} },
        { name: "cat", rules: { addresses, networks: ["lab"] } },
        { name: "dan", rules: { addresses, deny: true } },
      ],
    });
    assert.deepEqual(policy.assignmentsIn("office"), [{ user: "ann", rules: { addresses, vlans: [10] } }]);
    assert.deepEqual(policy.assignmentsIn("lab"), [{ user: "cat", rules: { addresses, vlans: undefined } }]);
  });
});
