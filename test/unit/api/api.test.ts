import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { problemSchema } from "../../../src/api/problem.ts";
import { fdbRowSchema, peerDetailSchema, peerRowSchema, serverInfoSchema } from "../../../src/control/model.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";

const basic = (user: string, password = user): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
const json = { "content-type": "application/json" };
const peersSchema = z.object({ total: z.number(), peers: z.array(peerRowSchema) });

describe("the HTTP API", () => {
  const model = new FakeControlModel(700);
  let api: FakeApi;

  before(async () => {
    model.advance(3_000);
    api = await startFakeApi({ model });
  });
  after(() => api.close());

  const ask = (path: string, init: RequestInit = {}, user = "admin"): Promise<Response> =>
    fetch(`${api.addresses[0]}${path}`, { ...init, headers: { ...basic(user), ...init.headers } });
  const read = async (path: string): Promise<unknown> => (await ask(path)).json();
  const peers = async (query: string) => peersSchema.parse(await read(`/api/v1/peers${query}`));

  test("shows the server", async () => {
    assert.deepEqual(serverInfoSchema.parse(await read("/api/v1/server")), model.server());
  });

  test("shows all peers, and pages of them", async () => {
    const all = await peers("");
    assert.equal(all.total, 702);
    assert.deepEqual(all.peers, [...model.peers()]);
    const page = await peers("?offset=300&limit=5");
    assert.deepEqual(page, { total: 702, peers: all.peers.slice(300, 305) });
    assert.deepEqual((await peers("?offset=9999")).peers, []);
    assert.deepEqual((await peers("?limit=0")).peers, []);
  });

  test("searches and sorts peers", async () => {
    const found = await peers("?search=WAREHOUSE&network=lab");
    assert.ok(found.total > 10);
    assert.ok(found.peers.every(({ user, network }) => user.includes("warehouse") && network === "lab"));
    const sorted = await peers("?sort=receivedBytes&order=desc");
    const bytes = sorted.peers.map(({ traffic }) => traffic.receivedBytes);
    assert.deepEqual(
      bytes,
      [...bytes].sort((a, b) => b - a),
    );
    const ids = (await peers("?sort=id&limit=4")).peers.map(({ id }) => id);
    assert.deepEqual(ids, ["uplink:office", "uplink:lab", "1", "2"]);
    const unknownLast = (await peers("?sort=roundTripMs&order=desc")).peers.at(-1);
    assert.equal(unknownLast?.roundTripMs, null);
  });

  test("says what is wrong with a query", async () => {
    for (const query of ["?limit=10001", "?limit=-1", "?sort=secret", "?order=up", "?offset=x"]) {
      const answer = await ask(`/api/v1/peers${query}`);
      assert.equal(answer.status, 400, query);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      const problem = problemSchema.parse(await answer.json());
      assert.equal(problem.status, 400);
      assert.equal(problem.title, "Bad Request");
      assert.match(problem.detail, new RegExp(`^${/\w+/.exec(query)?.[0]}: `));
    }
  });

  test("shows one peer, also an uplink's name in a path, or says that there is none", async () => {
    assert.equal(peerDetailSchema.parse(await read("/api/v1/peers/7")).id, "7");
    assert.equal((await ask("/api/v1/peers/uplink%3Anothing")).status, 404);
    assert.equal((await ask("/api/v1/peers/99999")).status, 404);
  });

  test("shows the forwarding table", async () => {
    const answer = z.object({ total: z.number(), entries: z.array(fdbRowSchema) });
    const { entries, total } = answer.parse(await read("/api/v1/fdb?peer=10"));
    assert.equal(total, 8);
    assert.ok(entries.every(({ peer }) => peer === "10"));
    assert.equal(answer.parse(await read("/api/v1/fdb?search=02:ff&network=lab")).total, 1);
  });

  test("shows events by id", async () => {
    const all = (await read("/api/v1/events?limit=10")) as { lastId: number; events: { id: number }[] };
    assert.equal(all.events.at(-1)?.id, all.lastId);
    assert.equal(all.events.length, 10);
    const later = (await read(`/api/v1/events?after=${all.lastId - 3}&limit=2`)) as typeof all;
    assert.deepEqual(
      later.events.map(({ id }) => id),
      [all.lastId - 2, all.lastId - 1],
    );
  });

  test("does what an admin says, in his name", async () => {
    const kicked = await ask("/api/v1/peers/20", {
      method: "DELETE",
      headers: json,
      body: JSON.stringify({ reason: "enough", banMs: 60_000 }),
    });
    assert.equal(kicked.status, 200);
    assert.deepEqual(model.performed.at(-1), {
      operator: { name: "admin", role: "admin", address: "127.0.0.1" },
      action: { kind: "kick", peer: "20", reason: "enough", banMs: 60_000 },
    });
    assert.equal((await ask("/api/v1/peers/20", { method: "DELETE" })).status, 404);
    assert.equal((await ask("/api/v1/bans/1", { method: "DELETE" })).status, 200);
    const limited = await ask("/api/v1/peers/21/rate", { method: "POST", headers: json, body: '{"up":64000}' });
    assert.equal(limited.status, 200);
    assert.equal(model.peer("21")?.rateUp, 64_000);
    assert.equal((await ask("/api/v1/fdb/flush", { method: "POST" })).status, 200);
    assert.equal((await ask("/api/v1/peers/uplink%3Alab", { method: "DELETE" })).status, 409);
  });

  test("takes JSON only, not too much of it, and does not repeat it", async () => {
    const post = (body: string, type = "application/json") =>
      ask("/api/v1/peers/22/isolate", { method: "POST", headers: { "content-type": type }, body });
    assert.equal((await post('{"isolated":true}', "text/plain")).status, 415);
    assert.equal((await post("{")).status, 400);
    const wrong = await post('{"isolated":"hunter2"}');
    assert.equal(wrong.status, 400);
    assert.doesNotMatch(await wrong.text(), /hunter2/);
    assert.equal((await post(`{"isolated":"${"x".repeat(20_000)}"}`)).status, 413);
    assert.equal((await post('{"isolated":true}')).status, 200);
  });

  test("answers for what is not there, and for what cannot be done there", async () => {
    assert.equal((await ask("/api/v1/nothing")).status, 404);
    assert.equal((await ask("/")).status, 404);
    const wrong = await ask("/api/v1/server", { method: "POST" });
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.get("allow"), "GET");
  });

  test("protects every answer", async () => {
    for (const path of ["/api/v1/server", "/api/v1/nothing", "/api/v1/peers?limit=x"]) {
      const { headers } = await ask(path);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
    }
  });
});
