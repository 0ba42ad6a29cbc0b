import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { JsonRequests } from "../../../web/src/data/json-requests.ts";
import { Notices } from "../../../web/src/data/notices.ts";
import { ServerApi } from "../../../web/src/data/server-api.ts";
import { Session } from "../../../web/src/data/session.ts";
import { HandClock } from "../../hand-clock.ts";

describe("a session", () => {
  let clock: HandClock;
  /** What the server thinks. */
  let server: { isUp: boolean; isIn: boolean };
  let session: Session;

  beforeEach(() => {
    clock = new HandClock();
    server = { isUp: true, isIn: false };
    const fetch = async (_url: unknown, init?: RequestInit) => {
      if (!server.isUp) throw new TypeError("fetch failed");
      const body = String(init?.body ?? "");
      if (init?.method === "POST") server.isIn = /"(good|secret)"/.test(body);
      if (init?.method === "DELETE") server.isIn = false;
      if (init?.method === "DELETE") return new Response(null, { status: 204 });
      if (!server.isIn) return Response.json({ detail: "The credentials are not right." }, { status: 401 });
      return Response.json({ operator: { name: "ada", role: "admin" }, expiresMs: null });
    };
    session = new Session(
      new ServerApi(new JsonRequests({ fetch, onUnauthorized: () => session.end() }, { base: "" })),
      clock,
    );
  });

  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const IN = { state: "in", name: "ada", role: "admin" };
  const OUT = { state: "out", why: undefined };

  test("that the server knows needs no login", async () => {
    server.isIn = true;
    await session.begin(undefined);
    assert.deepEqual(session.state.value, IN);
  });

  test("begins with a password, and ends when one logs out", async () => {
    await session.begin(undefined);
    assert.deepEqual(session.state.value, OUT);
    await assert.rejects(session.logIn({ user: "ada", password: "wrong" }), /not right/);
    assert.deepEqual(session.state.value, OUT);
    await session.logIn({ user: "ada", password: "secret" });
    assert.deepEqual(session.state.value, IN);
    await session.logOut();
    assert.deepEqual(session.state.value, OUT);
  });

  test("begins with a ticket; one that was used is explained", async () => {
    await session.begin("good");
    assert.deepEqual(session.state.value, IN);
    server.isIn = false;
    await session.begin("used");
    assert.deepEqual(session.state.value, {
      state: "out",
      why: "That address was used already, or is too old. Ask `vpn-ws dashboard` for a new one.",
    });
  });

  test("that has ended is noticed at the next request, and explained", async () => {
    server.isIn = true;
    await session.begin(undefined);
    assert.equal(await session.isAlive(), true);
    server.isIn = false;
    assert.equal(await session.isAlive(), false);
    assert.deepEqual(session.state.value, { state: "out", why: "Your session has ended. Log in to go on." });
  });

  test("is not over because the server does not answer", async () => {
    server.isIn = true;
    await session.begin(undefined);
    server.isUp = false;
    assert.equal(await session.isAlive(), true);
  });

  test("is asked for again until the server answers", async () => {
    server = { isUp: false, isIn: true };
    await session.begin(undefined);
    assert.equal(session.state.value.state, "unknown");
    server.isUp = true;
    clock.advance(1_000);
    await settle();
    await settle();
    assert.deepEqual(session.state.value, IN);
  });
});

test("notices go by themselves, and the oldest when there are many", () => {
  const clock = new HandClock();
  const notices = new Notices(clock);
  const texts = () => notices.shown.value.map(({ text }) => text);
  for (const text of ["1", "2", "3", "4", "5"]) notices.tell("good", text);
  assert.deepEqual(texts(), ["2", "3", "4", "5"]);
  notices.dismiss(notices.shown.value[0]?.id ?? 0);
  assert.deepEqual(texts(), ["3", "4", "5"]);
  clock.advance(8_000);
  assert.deepEqual(texts(), []);
});
