import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { z } from "zod";
import { basic } from "../../asked.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { HandClock } from "../../hand-clock.ts";
import { askHttp, type HttpAnswer, type HttpQuestion } from "../../http-ask.ts";
import { RecordingLog } from "../../recording-log.ts";

const SESSION = "/api/v1/session";
const FLUSH: HttpQuestion = { method: "POST", path: "/api/v1/fdb/flush" };
const sameOrigin = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };

describe("a browser at the API", () => {
  let api: FakeApi;
  let log: RecordingLog;
  let clock: HandClock;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "vpn-ws-api-"));
    log = new RecordingLog();
    clock = new HandClock();
    const listen = ["http://127.0.0.1:0", `unix:${join(folder, "a.sock")}`];
    api = await startFakeApi({ log, listen, clock, gate: { hosts: ["vpn.example"] } });
  });
  afterEach(() => {
    api.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (question: HttpQuestion, place = 0): Promise<HttpAnswer> => askHttp(api.addresses[place] ?? "", question);
  const logIn = (body: unknown): Promise<HttpAnswer> =>
    ask({ method: "POST", path: SESSION, body, headers: { ...sameOrigin, origin: "http://localhost" } });
  const cookieOf = ({ headers }: HttpAnswer): string => headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

  test("logs in with a password, is known by its cookie, and logs out", async () => {
    const answer = await logIn({ user: "viewer", password: "viewer" });
    assert.equal(answer.status, 200);
    assert.match(
      answer.headers["set-cookie"]?.[0] ?? "",
      /^vpn-ws-session=[\w-]{43}; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(answer);
    const me = z.object({ operator: z.object({ name: z.string(), role: z.string() }), expiresMs: z.number() });
    const who = await ask({ path: SESSION, headers: { cookie } });
    assert.deepEqual(me.parse(JSON.parse(who.text)).operator, { name: "viewer", role: "viewer" });
    assert.ok(Math.abs(me.parse(JSON.parse(who.text)).expiresMs - Date.now() - 8 * 3_600_000) < 60_000);
    const out = await ask({ method: "DELETE", path: SESSION, headers: { cookie, ...sameOrigin } });
    assert.equal(out.status, 204);
    assert.match(out.headers["set-cookie"]?.[0] ?? "", /^vpn-ws-session=; .*Max-Age=0/);
    assert.equal((await ask({ path: SESSION, headers: { cookie } })).status, 401);
    assert.doesNotMatch(log.text, new RegExp(cookie.slice(15)));
  });

  test("keeps the logins of two ports of one host apart: each may be another server, by ssh", async () => {
    const at = (port: number) => ({ host: `localhost:${port}`, ...sameOrigin });
    const cookies: string[] = [];
    for (const [port, user] of [
      [8081, "viewer"],
      [8082, "admin"],
    ] as const) {
      const body = { user, password: user };
      cookies.push(cookieOf(await ask({ method: "POST", path: SESSION, body, headers: at(port) })));
    }
    assert.deepEqual(
      cookies.map((cookie) => cookie.split("=")[0]),
      ["vpn-ws-session-8081", "vpn-ws-session-8082"],
    );
    const who = (headers: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
      ask({ path: SESSION, headers: { ...headers, cookie: cookies.join("; ") } });
    assert.match((await who(at(8081))).text, /"name":"viewer"/);
    assert.match((await who(at(8082))).text, /"name":"admin"/);
    assert.equal((await who(sameOrigin)).status, 401);
    assert.equal(
      (await ask({ method: "DELETE", path: SESSION, headers: { ...at(8081), cookie: cookies.join("; ") } })).status,
      204,
    );
    assert.equal((await who(at(8081))).status, 401);
    assert.match((await who(at(8082))).text, /"name":"admin"/);
  });

  test("is told that a login is wrong, not listed, or no login at all", async () => {
    for (const [body, status] of [
      [{ user: "admin", password: "x" }, 401],
      [{ user: "nobody", password: "nobody" }, 403],
      [{ token: "x" }, 401],
      [{ ticket: "x" }, 401],
      [{}, 400],
      [{ user: "admin" }, 400],
      [{ user: "admin", password: "admin", more: 1 }, 400],
    ] as const) {
      const answer = await logIn(body);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.equal(answer.headers["set-cookie"], undefined);
      assert.equal(answer.headers["www-authenticate"], undefined);
    }
  });

  test("marks the cookie Secure where the page came by TLS", async () => {
    const headers = { ...sameOrigin, origin: "https://vpn.example", host: "vpn.example" };
    const answer = await ask({ method: "POST", path: SESSION, body: { user: "admin", password: "admin" }, headers });
    assert.match(answer.headers["set-cookie"]?.[0] ?? "", /; Secure$/);
  });

  test("of another site changes nothing and sees nothing", async () => {
    const cookie = cookieOf(await logIn({ user: "admin", password: "admin" }));
    const from = (headers: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
      ask({ ...FLUSH, headers: { cookie, ...headers } });
    assert.equal((await from(sameOrigin)).status, 200);
    assert.equal((await from({ origin: "http://localhost" })).status, 200);
    for (const headers of [
      {},
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      { origin: "http://localhost:1" },
      { origin: "null" },
      { "sec-fetch-site": "none", origin: "http://evil.example" },
    ]) {
      assert.equal((await from(headers)).status, 403, JSON.stringify(headers));
    }
    const look = await ask({ path: "/api/v1/server", headers: { cookie, "sec-fetch-site": "cross-site" } });
    assert.equal(look.status, 403);
    assert.equal(api.model.events.after(0).filter(({ event }) => event === "control.action").length, 2);
  });

  test("cannot use the unix socket's rights or a password from another site's page", async () => {
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      assert.equal((await ask({ ...FLUSH, headers }, 1)).status, 403);
      assert.equal((await ask({ ...FLUSH, headers: { ...headers, ...basic("admin") } })).status, 403);
    }
    assert.equal((await ask(FLUSH, 1)).status, 200);
    assert.equal((await ask({ ...FLUSH, headers: basic("admin") })).status, 200);
  });

  test("finds us by addresses, localhost and listed names only", async () => {
    const hosts: readonly (readonly [string, number])[] = [
      ["localhost", 200],
      ["LOCALHOST:8081", 200],
      ["127.0.0.1:1", 200],
      ["[::1]:8081", 200],
      ["192.0.2.1", 200],
      ["vpn.example:8081", 200],
      ["evil.example", 421],
      ["localhost.evil.example", 421],
      ["127.0.0.1.evil.example", 421],
      ["vpn.example.evil", 421],
    ];
    for (const [host, status] of hosts) {
      for (const place of [0, 1]) {
        const answer = await ask({ path: "/api/v1/server", headers: { host, ...basic("admin") } }, place);
        assert.equal(answer.status, status, host);
      }
    }
  });

  test("gets in with a ticket, once and for a minute", async () => {
    const make = async (): Promise<string> =>
      z
        .object({ ticket: z.string() })
        .parse(JSON.parse((await ask({ method: "POST", path: "/api/v1/tickets" }, 1)).text)).ticket;
    const ticket = await make();
    const answer = await logIn({ ticket });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text).operator, { name: "local 0", role: "admin" });
    assert.equal((await logIn({ ticket })).status, 401);
    const old = await make();
    clock.advance(60_000);
    assert.equal((await logIn({ ticket: old })).status, 401);
    const byPassword = await ask({ method: "POST", path: "/api/v1/tickets", headers: basic("admin") });
    assert.equal(byPassword.status, 403);
    assert.doesNotMatch(log.text, new RegExp(ticket));
  });

  test("may only look as a viewer", async () => {
    const headers = basic("viewer");
    for (const [method, path] of [
      ["DELETE", "/api/v1/peers/1"],
      ["POST", "/api/v1/drain"],
      ["POST", "/api/v1/tickets"],
      ["GET", "/api/v1/capture"],
    ] as const) {
      assert.equal((await ask({ method, path, headers })).status, 403, path);
    }
    assert.equal((await ask({ path: "/api/v1/peers", headers })).status, 200);
  });
});
