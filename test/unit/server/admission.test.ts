import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { beforeEach, describe, test } from "node:test";
import type { AccessRequest } from "../../../src/access/access-request.ts";
import { AnonymousAuthenticator } from "../../../src/access/anonymous-authenticator.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "../../../src/access/authenticator.ts";
import { AuthenticatorChain } from "../../../src/access/authenticator-chain.ts";
import { GUESS_LIMITER_DEFAULTS, GuessLimiter } from "../../../src/access/guess-limiter.ts";
import type { Identity } from "../../../src/access/identity.ts";
import { Policy } from "../../../src/access/policy.ts";
import type { PolicyData } from "../../../src/access/policy-rules.ts";
import { newTokenSecret } from "../../../src/access/token.ts";
import { WEB_SERVER_DEFAULTS, WebServerAuthenticator } from "../../../src/access/web-server-authenticator.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import type { Access } from "../../../src/server/access.ts";
import { Admission, type AdmissionDeps, ownerOf } from "../../../src/server/admission.ts";
import { Bans } from "../../../src/server/bans.ts";
import type { Incoming } from "../../../src/transport/incoming.ts";
import { parseIpPrefix } from "../../../src/wire/ip-prefix.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";

const ALICE: Identity = {
  user: "alice",
  groups: [],
  method: "token",
  network: undefined,
  expiresMs: undefined,
  credentialId: "t1",
};

/** Knows the Bearer token "good", refuses every other. */
class OneToken implements Authenticator {
  readonly method = "token";
  asked = 0;
  claimed = "alice";
  /** Why the token cannot be redeemed. */
  unpaid: RefusalReason | undefined = undefined;
  redeemed = 0;
  /** Called while an answer is waited for. */
  onWait: () => void = () => {};

  async authenticate(request: AccessRequest): Promise<AuthenticationOutcome> {
    this.asked++;
    this.onWait();
    const header = request.header("authorization");
    if (header === undefined) return { state: "absent" };
    if (header === "Bearer good") return { state: "identified", identity: ALICE };
    if (header === "Bearer broken") throw new Error("the store is gone");
    return { state: "refused", reason: "unknown-token", user: this.claimed };
  }

  isStillGood(): boolean {
    return true;
  }

  async redeem(): Promise<RefusalReason | undefined> {
    this.redeemed++;
    return this.unpaid;
  }
}

interface Knock {
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly path?: string;
}

function incoming({ headers = {}, address = "192.0.2.1", path = "/" }: Knock = {}): Incoming {
  const all: Record<string, string> = {
    host: "vpn.example.com",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    ...headers,
  };
  return {
    via: "http",
    request: { method: "GET", path, query: "", header: (name) => all[name] },
    isControl: false,
    origin: { kind: "tcp", address },
    word: { address: "", user: "", distinguishedName: "" },
    certificate: undefined,
    socket: {} as Socket,
    rest: Buffer.alloc(0),
  };
}

const WITH_TOKEN = { authorization: "Bearer good" };

describe("admission", () => {
  let clock: HandClock;
  let authenticator: OneToken;
  let faults: unknown[];
  let place: ReturnType<AdmissionDeps["placeFor"]>;
  let bans: Bans;
  beforeEach(() => {
    bans = new Bans({ nowUnixMs: Date.now });
    place = { state: "free" };
    clock = new HandClock();
    authenticator = new OneToken();
    faults = [];
  });

  function accessOf(data: Partial<PolicyData>, isOpen = false): Access {
    const deps = { clock, onFault: (...fault: unknown[]) => faults.push(fault) };
    const authenticators = isOpen ? [authenticator, new AnonymousAuthenticator()] : [authenticator];
    return {
      chain: new AuthenticatorChain(deps, authenticators),
      policy: new Policy({ networks: [], defaults: {}, groups: [], users: [], ...data }),
      trustedProxies: [],
      trustsHeaders: true,
      mayConnect: (uid) => uid === 33,
      allowedOrigins: [],
      guard: GUARD_DEFAULTS,
      challenges: ["Bearer", 'Basic realm="vpn-ws"'],
      issueCredential: async () => undefined,
    };
  }

  function admission(data: Partial<PolicyData> = {}, isOpen = false): Admission {
    return admissionTo(accessOf(data, isOpen));
  }

  function admissionTo(access: Access): Admission {
    const limiter = new GuessLimiter(clock, GUESS_LIMITER_DEFAULTS);
    return new Admission({ clock, limiter, bans, placeFor: () => place }, access);
  }

  test("lets in who is identified and granted something", async () => {
    const decision = await admission().decide(incoming({ headers: WITH_TOKEN }));
    assert.equal(decision.state, "admitted");
    if (decision.state !== "admitted") return;
    assert.equal(decision.identity.user, "alice");
    assert.equal(decision.grant.network, "default");
    assert.deepEqual(decision.remote, { address: "192.0.2.1", user: "alice", distinguishedName: "" });
  });

  const refused: readonly [what: string, knock: Knock, status: number, reason: string, data?: Partial<PolicyData>][] = [
    ["a request that is no opening", { headers: { upgrade: "h2c" } }, 426, "not-an-opening"],
    ["another site's page", { headers: { ...WITH_TOKEN, origin: "https://evil.example" } }, 403, "foreign-origin"],
    ["no credentials", {}, 401, "no-credentials"],
    ["wrong credentials", { headers: { authorization: "Bearer bad" } }, 401, "token:unknown-token"],
    ["an authenticator that fails", { headers: { authorization: "Bearer broken" } }, 503, "token:unavailable"],
    ["a user whom the policy denies", { headers: WITH_TOKEN }, 403, "denied", { defaults: { deny: true } }],
    ["a bridge that may not be one", { headers: { ...WITH_TOKEN, "x-vpn-ws-bridge": "on" } }, 403, "not-a-bridge"],
    [
      "a MAC that is not on the list",
      { headers: { ...WITH_TOKEN, "x-vpn-ws-mac": "02:00:00:00:00:0b" } },
      403,
      "mac-not-allowed",
      { defaults: { macs: ["02:00:00:00:00:0a" as Mac] } },
    ],
  ];
  for (const [what, knock, status, reason, data] of refused) {
    test(`refuses ${what}: ${status}, ${reason}`, async () => {
      const decision = await admission(data).decide(incoming(knock));
      assert.equal(decision.state, "refused");
      if (decision.state !== "refused") return;
      assert.deepEqual([decision.status, decision.reason], [status, reason]);
      assert.equal(decision.address, "192.0.2.1");
      assert.doesNotMatch(JSON.stringify(decision), /good|bad|broken/, "no credentials in what will be logged");
      const challenges = decision.headers.filter(([name]) => name === "WWW-Authenticate").map(([, value]) => value);
      assert.deepEqual(challenges, status === 401 ? ["Bearer", 'Basic realm="vpn-ws"'] : []);
    });
  }

  test("a guest takes no place that another session of its user has", async () => {
    const yields = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const decision = await admission().decide(incoming({ headers: { ...WITH_TOKEN, ...headers } }));
      return decision.state === "admitted" ? decision.grant.yields : decision.reason;
    };
    assert.deepEqual([await yields({}), await yields({ "x-vpn-ws-guest": "on" })], ["oldest", "newest"]);
  });

  test("redeems credentials once, and not of whom something else keeps out", async () => {
    const bridge = { ...WITH_TOKEN, "x-vpn-ws-bridge": "on" };
    const denied: Partial<PolicyData> = { defaults: { deny: true } };
    assert.equal((await admission(denied).decide(incoming({ headers: WITH_TOKEN }))).state, "refused");
    assert.equal((await admission().decide(incoming({ headers: bridge }))).state, "refused");
    place = { state: "refused", status: 503, reason: "full", message: "", headers: [], user: "alice", address: "" };
    assert.equal(await admission().decide(incoming({ headers: WITH_TOKEN })), place);
    assert.equal(authenticator.redeemed, 0);
    place = { state: "free" };
    assert.equal((await admission().decide(incoming({ headers: WITH_TOKEN }))).state, "admitted");
    assert.equal(authenticator.redeemed, 1);
  });

  test("redeems nothing for a session that is there, and says that it was so", async () => {
    place = { state: "claimed" };
    const decision = await admission().decide(incoming({ headers: WITH_TOKEN }));
    assert.equal(decision.state === "admitted" && decision.isClaim, true);
    assert.deepEqual([authenticator.asked, authenticator.redeemed], [1, 0]);
    place = { state: "free" };
    const begun = await admission().decide(incoming({ headers: WITH_TOKEN }));
    assert.equal(begun.state === "admitted" && begun.isClaim, false);
  });

  test("refuses who was too late to redeem", async () => {
    authenticator.unpaid = "used-up";
    const decision = await admission().decide(incoming({ headers: WITH_TOKEN }));
    assert.deepEqual(decision.state === "refused" && [decision.status, decision.reason, decision.user], [
      401,
      "token:used-up",
      "alice",
    ]);
  });

  test("asks the policy that is in force when the authenticators have answered", async () => {
    const waiting = admission();
    authenticator.onWait = () => waiting.use(accessOf({ defaults: { deny: true } }));
    const decision = await waiting.decide(incoming({ headers: WITH_TOKEN }));
    assert.equal(decision.state === "refused" && decision.reason, "denied");
  });

  test("asks by whom it came of those who may use our sockets when the authenticators have answered", async () => {
    const knock = (uid: number | undefined): Incoming => ({
      ...incoming({ headers: WITH_TOKEN }),
      origin: { kind: "unix", uid },
    });
    const waiting = admission();
    assert.equal((await waiting.decide(knock(33))).state, "admitted");
    authenticator.onWait = () => waiting.use({ ...accessOf({}), mayConnect: () => false });
    for (const uid of [33, undefined]) {
      const decision = await waiting.decide(knock(uid));
      assert.deepEqual(decision.state === "refused" && [decision.status, decision.reason], [403, "not-a-socket-user"]);
    }
    assert.equal((await waiting.decide(incoming({ headers: WITH_TOKEN }))).state, "admitted", "TCP is nobody's");
  });

  test("asks about the web server that vouches for it when the authenticators have answered", async () => {
    const trusting = {
      ...accessOf({}),
      trustedProxies: [{ version: 4, bytes: Uint8Array.of(192, 0, 2, 1), bits: 32 }] as const,
    };
    const waiting = admissionTo(trusting);
    assert.equal((await waiting.decide(incoming({ headers: WITH_TOKEN }))).state, "admitted");
    authenticator.onWait = () => waiting.use(accessOf({}));
    const decision = await waiting.decide(incoming({ headers: WITH_TOKEN }));
    assert.deepEqual(decision.state === "refused" && [decision.status, decision.reason], [403, "not-a-trusted-proxy"]);
    assert.equal(
      (await waiting.decide(incoming({ headers: WITH_TOKEN }))).state,
      "admitted",
      "whom nobody vouches for",
    );
  });

  test("a token in the user's place is not told to the log", async () => {
    const bad = incoming({ headers: { authorization: "Bearer bad" } });
    for (const [claimed, told] of [
      ["bob", "bob"],
      [newTokenSecret(), undefined],
    ]) {
      authenticator.claimed = claimed as string;
      const decision = await admission().decide(bad);
      assert.deepEqual(decision.state === "refused" && decision.user, told);
    }
  });

  test("a web server's headers count where it is listed, and not where it is only near", async () => {
    const trustedProxies = ["127.0.0.1"].map(parseIpPrefix).filter((prefix) => prefix !== undefined);
    const chain = new AuthenticatorChain({ clock, onFault: () => {} }, [
      new WebServerAuthenticator(WEB_SERVER_DEFAULTS),
      new AnonymousAuthenticator(),
    ]);
    const knock = incoming({ address: "127.0.0.1", headers: { "x-remote-user": "eve" } });
    for (const [trustsHeaders, user] of [
      [true, "eve"],
      [false, "anonymous"],
    ] as const) {
      const admission = admissionTo({ ...accessOf({}, false), chain, trustedProxies, trustsHeaders });
      const decision = await admission.decide(knock);
      assert.equal(decision.state === "admitted" && decision.identity.user, user);
    }
  });

  test("a page that has its own name lead to us does not join without credentials, and does with them", async () => {
    const headers = { host: "evil.example:8080", origin: "http://evil.example:8080" };
    const refused = await admission({}, true).decide(incoming({ headers }));
    assert.equal(refused.state === "refused" && refused.reason, "foreign-origin");
    assert.equal(
      (await admission({}, true).decide(incoming({ headers: { ...headers, ...WITH_TOKEN } }))).state,
      "admitted",
    );
  });

  test("who shows wrong credentials is not let in as nobody", async () => {
    const open = admission({}, true);
    assert.equal((await open.decide(incoming())).state, "admitted");
    assert.equal((await open.decide(incoming({ headers: { authorization: "Bearer bad" } }))).state, "refused");
  });

  test("an address that guesses is not even heard, others are", async () => {
    const guarded = admission();
    const guess = { headers: { authorization: "Bearer guess" } };
    for (let i = 0; i < GUESS_LIMITER_DEFAULTS.addressFailures; i++) {
      const pending = guarded.decide(incoming(guess));
      await advance(clock, pending);
      assert.equal((await pending).state, "refused");
    }
    const asked = authenticator.asked;
    const blocked = await guarded.decide(incoming({ headers: WITH_TOKEN }));
    assert.equal(blocked.state === "refused" && blocked.status, 429);
    assert.equal(authenticator.asked, asked, "nothing was computed for it");
    const pending = guarded.decide(incoming({ headers: WITH_TOKEN, address: "198.51.100.7" }));
    await advance(clock, pending);
    assert.equal((await pending).state, "admitted");
  });

  test("keeps out who is banned, before the policy is asked and whether it claims a session or not", async () => {
    bans.add({ kind: "user", user: "alice" }, 60_000, "go away", "op");
    for (const state of ["free", "claimed"] as const) {
      place = { state };
      const decision = await admission({ users: [{ name: "alice", rules: { deny: true } }] }).decide(
        incoming({ headers: WITH_TOKEN }),
      );
      assert.ok(decision.state === "refused");
      assert.deepEqual([decision.status, decision.reason, decision.user], [403, "banned", "alice"]);
      assert.match(decision.message, /^An operator has sent you away until \d{4}-/);
    }
    const other = await admission({}, true).decide(incoming());
    assert.equal(other.state, "admitted", "others may come");
  });

  test("owners: a user wherever it is, an anonymous peer by its MAC, or by its session", () => {
    const [mac, other] = ["02:00:00:00:00:0a" as Mac, "02:00:00:00:00:0b" as Mac];
    assert.equal(ownerOf(ALICE, mac, 1), ownerOf(ALICE, other, 2));
    const anonymous: Identity = { ...ALICE, user: "anonymous", method: "anonymous" };
    assert.equal(ownerOf(anonymous, mac, 1), ownerOf(anonymous, mac, 2));
    assert.notEqual(ownerOf(anonymous, mac, 1), ownerOf(anonymous, other, 1));
    assert.notEqual(ownerOf(anonymous, undefined, 1), ownerOf(anonymous, undefined, 2));
    assert.notEqual(ownerOf({ ...ALICE, user: `anonymous ${mac}` }, mac, 1), ownerOf(anonymous, mac, 1));
  });
});

/** Lets the clock run until the decision is there. */
async function advance(clock: HandClock, pending: Promise<unknown>): Promise<void> {
  let isDone = false;
  void pending.then(() => {
    isDone = true;
  });
  for (let turn = 0; turn < 1000 && !isDone; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!isDone) clock.advance(100);
  }
}
