import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AuthenticatorChain } from "../../../src/access/authenticator-chain.ts";
import { GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { Policy } from "../../../src/access/policy.ts";
import type { SessionStore } from "../../../src/access/session-store.ts";
import { TokenAuthenticator } from "../../../src/access/token-authenticator.ts";
import { Gate } from "../../../src/api/gate.ts";
import { OperatorSessions } from "../../../src/api/operator-sessions.ts";
import { systemClock as clock } from "../../../src/base/clock.ts";
import { FloodLog } from "../../../src/base/flood-log.ts";
import { openSessionStore } from "../../../src/cli/session-store.ts";
import { type ControlConfig, DEFAULT_SERVER_CONFIG } from "../../../src/config/server-config.ts";
import { StateDirectory } from "../../../src/state/state-directory.ts";
import { TokenFile } from "../../../src/state/token-file.ts";
import { askedWith } from "../../asked.ts";
import { RecordingLog } from "../../recording-log.ts";

describe("where logins are kept", () => {
  let folder: string;
  let path: string;
  let log: RecordingLog;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vpn-ws-store-"));
    path = join(folder, "state");
    log = new RecordingLog();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function open(control: Partial<ControlConfig>, stateDir?: string): SessionStore {
    const state = { open: () => StateDirectory.open(path), find: () => StateDirectory.find(path) };
    const config = { ...DEFAULT_SERVER_CONFIG, stateDir, control: { ...DEFAULT_SERVER_CONFIG.control, ...control } };
    return openSessionStore({ log, state }, config);
  }
  const keep = (store: SessionStore): Promise<void> =>
    store.keep([{ hash: "a".repeat(43), login: { kind: "local", uid: 0 }, endsMs: 2, seenMs: 1 }]);
  const isKept = (): boolean => existsSync(join(path, "sessions.json"));

  test("is the state directory where users may log in with browsers, and it is made", async () => {
    await keep(open({ path: "/admin", viewers: ["vic"] }));
    assert.ok(isKept());
  });

  test("is nowhere if no browser can come", async () => {
    await keep(open({ admins: ["ada"] }, path));
    assert.ok(!existsSync(path));
  });

  test("is the state directory for tickets alone if there is one, or one was named", async () => {
    await keep(open({ path: "/admin" }));
    assert.ok(!existsSync(path));
    mkdirSync(path, { mode: 0o700 });
    await keep(open({ path: "/admin" }));
    assert.ok(isKept());
    rmSync(path, { recursive: true });
    await keep(open({ path: "/admin" }, path));
    assert.ok(isKept());
  });

  test("is nowhere if others may enter that directory, which is told and stops nothing", async () => {
    mkdirSync(path, { mode: 0o755 });
    await keep(open({ path: "/admin", admins: ["ada"] }));
    assert.ok(!isKept());
    assert.match(log.text, /warn control\.sessions-unkept .*end with this process.*others may enter/);
  });

  test("lets in nobody whose token was revoked while the server was away", async () => {
    const tokens = (): TokenFile => {
      return new TokenFile({ clock, nowUnixMs: Date.now }, StateDirectory.open(path).file("tokens.json"));
    };
    const start = (): Gate => {
      const store = open({ path: "/admin", admins: ["ada"] });
      const sessions = new OperatorSessions({ clock, nowUnixMs: Date.now, store });
      const authenticators = [new TokenAuthenticator({ store: tokens(), nowUnixMs: Date.now })];
      const chain = new AuthenticatorChain({ clock, onFault: () => assert.fail("a fault") }, authenticators);
      const policy = new Policy({ networks: [], defaults: {}, groups: [], users: [] });
      const access = { chain, policy, trustedProxies: [], trustsHeaders: false, challenges: [] };
      const deps = { clock, floodLog: new FloodLog(clock, log), limiter: new GuessLimiter(clock), sessions };
      return new Gate(deps, access, { admins: ["ada"], viewers: [], hosts: [], sessionMs: 3_600_000 });
    };
    const nothing = { groups: [], network: undefined, expiresMs: undefined, usesLeft: undefined };
    const { record, secret } = await tokens().create({ user: "ada", kind: "token", ...nothing });
    const gate = start();
    const cookie = `vpn-ws-session=${await gate.begin(await gate.login(askedWith(), `Bearer ${secret}`))}`;
    const asked = askedWith({ headers: { cookie } });
    assert.equal((await start().enter(asked))?.operator.role, "admin");
    assert.ok(!readFileSync(join(path, "sessions.json"), "utf8").includes(secret));
    await tokens().revoke({ id: record.id });
    assert.equal(await start().enter(asked), undefined);
  });
});
