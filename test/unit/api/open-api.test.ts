/** The OpenAPI document against the API that serves it: what it says is there, answers as it says, and nothing else does. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { basic } from "../../asked.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";

const operationSchema = z.object({
  summary: z.string().min(1),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(["path", "query"]), required: z.boolean() })).default([]),
  requestBody: z
    .object({ content: z.object({ "application/json": z.object({ schema: z.looseObject({}) }) }) })
    .optional(),
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.object({ schema: z.looseObject({}).optional() })).optional() }),
  ),
});
const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(
    z.string(),
    z.record(z.enum(["get", "post", "delete"]), operationSchema).or(z.record(z.string(), operationSchema)),
  ),
});
type Operation = z.infer<typeof operationSchema>;

/** A body for whoever wants one. */
const BODIES: Readonly<Record<string, unknown>> = {
  "post /api/v1/peers/{id}/isolate": { isolated: true },
  "post /api/v1/peers/{id}/rate": { up: 64_000 },
  "post /api/v1/session": { user: "admin", password: "admin" },
};
const ENDLESS = new Set(["text/event-stream", "application/x-pcapng"]);

describe("the OpenAPI document", () => {
  let api: FakeApi;
  let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;

  before(async () => {
    const model = new FakeControlModel(40);
    model.advance(5_000);
    await model.perform(
      { name: "x", role: "admin", address: "" },
      { kind: "kick", peer: "30", reason: "", banMs: 60_000 },
    );
    api = await startFakeApi({ model });
    const answer = await fetch(`${api.addresses[0]}/api/v1/openapi.json`, { headers: basic("admin") });
    paths = documentSchema.parse(await answer.json()).paths as typeof paths;
  });
  after(() => api.close());

  const operations = () =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation, name: `${method} ${path}` })),
    );

  /** Peers for destructive questions are others than for those that look. */
  const urlOf = (path: string, method: string): string => {
    const id = path.includes("/bans/") ? "1" : method === "delete" ? "20" : "7";
    return `${api.addresses[0]}${path.replace("{id}", id)}`;
  };

  test("has what the API is known for", () => {
    const names = operations().map(({ name }) => name);
    for (const name of ["get /api/v1/peers/{id}", "delete /api/v1/peers/{id}", "get /api/v1/capture", "get /metrics"]) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(names.length >= 24);
  });

  test("describes answers as they are", async () => {
    for (const { path, method, operation, name } of operations()) {
      const body = BODIES[name];
      const answer = await fetch(urlOf(path, method), {
        method: method.toUpperCase(),
        headers: { ...basic("admin"), ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      // Tickets are for who comes by a unix socket.
      if (path === "/api/v1/tickets") assert.equal(answer.status, 403);
      else await check(name, operation, answer);
    }
  });

  async function check(name: string, { responses }: Operation, answer: Response): Promise<void> {
    const described = responses[String(answer.status)];
    assert.ok(described !== undefined, `${name}: ${answer.status}`);
    const [[type = "none", { schema = undefined } = {}] = []] = Object.entries(described.content ?? {});
    const [given = "none"] = (answer.headers.get("content-type") ?? "none").split(";");
    assert.equal(given, type, name);
    if (ENDLESS.has(type)) {
      const reader = answer.body?.getReader();
      assert.ok(((await reader?.read())?.value?.length ?? 0) > 0, name);
      await reader?.cancel();
      return;
    }
    const text = await answer.text();
    if (schema !== undefined) z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).parse(JSON.parse(text));
  }

  test("names each parameter, and the server knows no other path", async () => {
    for (const { path, operation, name } of operations()) {
      const inPath = operation.parameters.filter((one) => one.in === "path").map((one) => `{${one.name}}`);
      assert.deepEqual(inPath, path.match(/\{\w+\}/g) ?? [], name);
    }
    for (const path of ["/api", "/api/v1", "/api/v1/", "/api/v2/server", "/api/v1/peers/1/kick", "/api/v1/secrets"]) {
      const answer = await fetch(`${api.addresses[0]}${path}`, { headers: basic("admin") });
      assert.equal(answer.status, 404, path);
    }
  });

  test("is for who may look: nothing else answers a stranger, but where one logs in and out", async () => {
    for (const { path, method, name } of operations()) {
      const answer = await fetch(urlOf(path, method), { method: method.toUpperCase() });
      const isForAnybody = path === "/api/v1/session" && method !== "get";
      assert.equal(answer.status, isForAnybody ? (method === "post" ? 400 : 204) : 401, name);
    }
  });

  test("has a description of a problem that problems fit", async () => {
    const answer = await fetch(`${api.addresses[0]}/api/v1/peers/0`, { headers: basic("admin") });
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    const { type, status } = z.object({ type: z.string(), status: z.number() }).parse(await answer.json());
    assert.deepEqual([type, status], ["about:blank", 404]);
  });
});
