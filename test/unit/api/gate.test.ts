import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { AnonymousAuthenticator } from "../../../src/access/anonymous-authenticator.ts";
import { AuthenticatorChain } from "../../../src/access/authenticator-chain.ts";
import { GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { Policy } from "../../../src/access/policy.ts";
import { WebServerAuthenticator } from "../../../src/access/web-server-authenticator.ts";
import { Gate, type GateAccess, type GateOptions } from "../../../src/api/gate.ts";
import { OperatorSessions } from "../../../src/api/operator-sessions.ts";
import { Problem } from "../../../src/api/problem.ts";
import { FloodLog } from "../../../src/base/flood-log.ts";
import type { Origin } from "../../../src/transport/incoming.ts";
import { parseIpPrefix } from "../../../src/wire/ip-prefix.ts";
import { type AskedOptions, askedWith, basic } from "../../asked.ts";
import { HandClock } from "../../hand-clock.ts";
import { MemorySessionStore } from "../../memory-session-store.ts";
import { PasswordTable } from "../../password-table.ts";
import { RecordingLog } from "../../recording-log.ts";

const LISTS: GateOptions = { admins: ["ada", "@staff"], viewers: ["vic"], hosts: [], sessionMs: 8 * 3_600_000 };
const OWN_UID = process.geteuid?.() ?? -1;
const STRANGER = 54_321;
const PROXY: Origin = { kind: "tcp", address: "10.0.0.1" };

describe("the gate", () => {
  let clock: HandClock;
  let log: RecordingLog;
  let table: PasswordTable;
  let store: MemorySessionStore;
  let sessions: OperatorSessions;
  let access: GateAccess;
  let gate: Gate;

  beforeEach(() => {
    clock = new HandClock();
    log = new RecordingLog();
    table = new PasswordTable({ ada: "ada", vic: "vic", joe: "joe", sue: "sue" });
    store = new MemorySessionStore();
    sessions = new OperatorSessions({ clock, nowUnixMs: () => clock.nowMs(), store });
    const authenticators = [
      table,
      new WebServerAuthenticator({ certificateUser: "common-name" }),
      new AnonymousAuthenticator(),
    ];
    const chain = new AuthenticatorChain({ clock, onFault: () => {} }, authenticators);
    const trustedProxies = [parseIpPrefix("10.0.0.0/8")].filter((prefix) => prefix !== undefined);
    const policy = new Policy({
      networks: [],
      defaults: {},
      groups: [{ name: "staff", members: ["sue"], rules: {} }],
      users: [],
    });
    access = { chain, policy, trustedProxies, trustsHeaders: true, challenges: ["Basic"] };
    gate = new Gate(
      { clock, floodLog: new FloodLog(clock, log), limiter: new GuessLimiter(clock), sessions },
      access,
      LISTS,
    );
  });

  /** What comes of a request: a name and role, `nobody`, or the status that refuses it. */
  async function outcome(options: AskedOptions): Promise<string> {
    try {
      const entrance = await gate.enter(askedWith(options));
      return entrance === undefined ? "nobody" : `${entrance.operator.name} ${entrance.operator.role}`;
    } catch (error) {
      assert.ok(error instanceof Problem);
      return String(error.status);
    }
  }

  const unix = (uid: number | undefined): Origin => ({ kind: "unix", uid });
  const forwarded = { "x-forwarded-for": "192.0.2.1" };
  const table1: readonly (readonly [what: string, options: AskedOptions, expected: string])[] = [
    ["root at our socket", { origin: unix(0) }, "local 0 admin"],
    ["our own user there", { origin: unix(OWN_UID) }, `local ${OWN_UID} admin`],
    ["another user there", { origin: unix(STRANGER) }, "nobody"],
    ["another user there who has a password", { origin: unix(STRANGER), headers: basic("vic") }, "vic viewer"],
    [
      "another user there who says who he is",
      { origin: unix(STRANGER), headers: { "x-remote-user": "ada" } },
      "nobody",
    ],
    ["somebody there whom the kernel does not know", { origin: unix(undefined) }, "nobody"],
    ["root who passes on what others ask", { origin: unix(0), headers: forwarded }, "nobody"],
    ["root by uwsgi", { origin: unix(0), via: "uwsgi", wordUser: "" }, "nobody"],
    ["root at the site's socket", { origin: unix(0), door: "site" }, "nobody"],
    [
      "a web server at the site's socket",
      { origin: unix(0), door: "site", via: "uwsgi", wordUser: "ada" },
      "ada admin",
    ],
    ["a web server that names somebody else", { origin: unix(0), door: "site", via: "uwsgi", wordUser: "joe" }, "403"],
    ["a listed proxy", { origin: PROXY, door: "site", headers: { "x-remote-user": "vic" } }, "vic viewer"],
    ["somebody who says he is a proxy", { door: "site", headers: { "x-remote-user": "ada" } }, "nobody"],
    ["somebody who says he is one, by uwsgi", { door: "site", via: "uwsgi", wordUser: "ada" }, "nobody"],
    ["nobody", {}, "nobody"],
    ["an admin's password", { headers: basic("ada") }, "ada admin"],
    ["a viewer's password", { headers: basic("vic") }, "vic viewer"],
    ["who is in a listed group by the file", { headers: basic("sue") }, "sue admin"],
    ["who may join only", { headers: basic("joe") }, "403"],
    ["a wrong password", { headers: basic("ada", "x") }, "401"],
    ["a name that is a list's", { headers: basic("@staff") }, "401"],
    ["a cookie that is none of ours", { headers: { cookie: "vpn-ws-session=abc; other=1" } }, "nobody"],
    ["the anonymous user by name", { origin: PROXY, headers: { "x-remote-user": "anonymous" } }, "401"],
  ];
  for (const [what, options, expected] of table1) {
    test(`${what}: ${expected}`, async () => assert.equal(await outcome(options), expected));
  }

  test("lets nobody in by any mix of what a stranger can say", async () => {
    const headers = fc.record(
      {
        authorization: fc.constantFrom(
          "Basic",
          "Basic !",
          "Bearer x",
          "Digest a",
          basic("ada", "?").authorization ?? "",
        ),
        cookie: fc.constantFrom("vpn-ws-session=", "vpn-ws-session=x", ";;=", "vpn-ws-session"),
        "x-remote-user": fc.constantFrom("ada", "local 0", "root"),
        "x-forwarded-for": fc.constantFrom("127.0.0.1", "10.0.0.1, 10.0.0.2"),
        "x-ssl-client-verify": fc.constant("SUCCESS"),
        "x-ssl-client-s-dn": fc.constant("CN=ada"),
        host: fc.constantFrom("localhost", "evil.example"),
      },
      { requiredKeys: [] },
    );
    const origin = fc.constantFrom<Origin>(
      { kind: "tcp", address: "127.0.0.1" },
      { kind: "tcp", address: "::1" },
      { kind: "tcp", address: "192.0.2.1" },
      unix(undefined),
    );
    const via = fc.constantFrom<"http" | "uwsgi">("http", "uwsgi");
    const door = fc.constantFrom<"own" | "site">("own", "site");
    const wordUser = fc.constantFrom("", "ada", "local 0");
    await fc.assert(
      fc.asyncProperty(fc.record({ headers, origin, via, door, wordUser }), async (options) => {
        // Each attempt is the first: guesses are another matter.
        gate = new Gate(
          { clock, floodLog: new FloodLog(clock, log), limiter: new GuessLimiter(clock), sessions },
          access,
          LISTS,
        );
        assert.match(await outcome(options as AskedOptions), /^(nobody|401|429)$/);
      }),
      { numRuns: 500 },
    );
  });

  test("takes a group for what it is, and credentials for one network for nothing", async () => {
    table.groups.push("staff");
    assert.equal(await outcome({ headers: basic("joe") }), "joe admin");
    table.network = "office";
    assert.equal(await outcome({ headers: basic("ada") }), "403");
  });

  test("blocks who guesses, for whatever he shows then", async () => {
    for (let guess = 0; guess < 10; guess++) {
      const asked = outcome({ headers: basic(`user${guess}`) });
      await drainTimers();
      assert.equal(await asked, "401");
    }
    assert.equal(await outcome({ headers: basic("ada") }), "429");
    assert.equal(await outcome({ headers: basic("ada"), origin: { kind: "tcp", address: "192.0.2.77" } }), "ada admin");
    assert.doesNotMatch(log.text, /dXNlcj/);
  });

  async function drainTimers(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
  }

  async function loggedIn(): Promise<AskedOptions> {
    const login = await gate.login(askedWith({ method: "POST" }), basic("ada").authorization ?? "");
    return { headers: { cookie: `a=b; vpn-ws-session=${await gate.begin(login)}` } };
  }

  test("has a place for an operator, however many guess at one name", async () => {
    const from = (address: string): Origin => ({ kind: "tcp", address });
    const guesses: Promise<string>[] = [];
    for (let count = 0; count < 100; count++) {
      guesses.push(outcome({ origin: from(`192.0.2.${1 + count}`), headers: basic("ada", "x") }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(clock.timers > 0, "answers are held back");
    assert.equal(await outcome({ headers: basic("vic") }), "vic viewer");
    clock.advance(10_000);
    await Promise.all(guesses);
  });

  test("has a place for an operator, however many ask from another address", async () => {
    let answer = (): void => {};
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const authenticate = table.authenticate.bind(table);
    table.authenticate = async (request) => {
      if (request.address === "192.0.2.1") await isAnswered;
      return authenticate(request);
    };
    const stranger: Origin = { kind: "tcp", address: "192.0.2.1" };
    const asked = Array.from({ length: 100 }, () => outcome({ origin: stranger, headers: basic("vic") }));
    assert.equal(await outcome({ headers: basic("ada") }), "ada admin");
    answer();
    const answers = await Promise.all(asked);
    assert.equal(answers.filter((one) => one === "503").length, 84);
  });

  test("knows a browser that logged in, until it was idle for half an hour", async () => {
    const options = await loggedIn();
    for (let hour = 0; hour < 4; hour += 0.25) {
      clock.advance(15 * 60_000);
      assert.equal(await outcome(options), "ada admin");
    }
    clock.advance(30 * 60_000);
    assert.equal(await outcome(options), "nobody");
  });

  test("ends a login after eight hours, whatever it does", async () => {
    const options = await loggedIn();
    for (let minutes = 0; minutes < 480; minutes += 20) {
      assert.equal(await outcome(options), "ada admin");
      clock.advance(20 * 60_000);
    }
    assert.equal(await outcome(options), "nobody");
  });

  test("ends a login as soon as its password is another, or its name is not listed", async () => {
    const options = await loggedIn();
    const entrance = await gate.enter(askedWith(options));
    assert.equal(entrance?.mayStay(), true);
    gate.use(access, { ...LISTS, admins: [], viewers: ["ada"] });
    assert.equal(entrance?.mayStay(), false);
    assert.equal(await outcome(options), "ada viewer");
    table.passwords.set("ada", "another");
    assert.equal(await outcome(options), "nobody");
    table.passwords.set("ada", "ada");
    assert.equal(await outcome(options), "nobody", "what has ended stays ended");
  });

  /** As after a restart: what is not in the store is forgotten. */
  function startAgain(options = LISTS): void {
    sessions = new OperatorSessions({ clock, nowUnixMs: () => clock.nowMs(), store });
    const floodLog = new FloodLog(clock, log);
    gate = new Gate({ clock, floodLog, limiter: new GuessLimiter(clock), sessions }, access, options);
  }

  test("knows a browser after a restart, and judges it by what is known then", async () => {
    const options = await loggedIn();
    startAgain();
    assert.equal(await outcome(options), "ada admin");
    startAgain({ ...LISTS, admins: [], viewers: ["ada"] });
    assert.equal(await outcome(options), "ada viewer");
    table.passwords.set("ada", "another");
    startAgain();
    assert.equal(await outcome(options), "nobody");
    table.passwords.set("ada", "ada");
    startAgain();
    assert.equal(await outcome(options), "nobody", "what has ended stays ended");
    const other = await loggedIn();
    startAgain({ ...LISTS, admins: [] });
    assert.equal(await outcome(other), "nobody", "not listed any more");
  });

  test("begins no session of who is no good any more", async () => {
    const login = await gate.login(askedWith({ method: "POST" }), basic("ada").authorization ?? "");
    table.passwords.delete("ada");
    await assert.rejects(gate.begin(login), Problem);
    assert.deepEqual(store.load(), []);
  });

  test("takes a kept login by ticket from root and our user only, whoever that is now", async () => {
    for (const [uid, expected] of [
      [0, "local 0 admin"],
      [OWN_UID, `local ${OWN_UID} admin`],
      [STRANGER, "nobody"],
    ] as const) {
      const cookie = `vpn-ws-session=${await gate.begin({ kind: "local", uid })}`;
      startAgain();
      assert.equal(await outcome({ headers: { cookie } }), expected);
    }
  });

  test("asks for patience while nobody can say whether a login is good, and keeps it", async () => {
    const options = await loggedIn();
    table.unsealing = () => Promise.reject(new Error("no keys"));
    assert.equal(await outcome(options), "503");
    table.unsealing = async () => {};
    assert.equal(await outcome(options), "ada admin");
  });

  test("gives a login to nobody who only stands before a web server that is believed", async () => {
    const asked = askedWith({ method: "POST", door: "site", via: "uwsgi", origin: unix(0), wordUser: "ada" });
    await assert.rejects(gate.login(asked, "Basic x"), Problem);
  });

  test("asks programs for credentials, and no browser: that would open a window of its own", () => {
    assert.deepEqual(gate.challenge(askedWith()), { "WWW-Authenticate": "Basic" });
    assert.deepEqual(gate.challenge(askedWith({ headers: { "sec-fetch-mode": "cors" } })), {});
  });
});
