import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { readMetrics } from "../../prometheus-text.ts";

describe("GET /metrics", () => {
  let api: FakeApi;
  before(async () => {
    api = await startFakeApi({ model: new FakeControlModel(10) });
  });
  after(() => api.close());

  const scrape = (credentials?: string): Promise<Response> => {
    const headers = { authorization: `Basic ${Buffer.from(credentials ?? "").toString("base64")}` };
    return fetch(`${api.addresses[0]}/metrics`, credentials === undefined ? {} : { headers });
  };

  test("is for viewers, as Prometheus reads it", async () => {
    const answer = await scrape("viewer:viewer");
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const names = readMetrics(await answer.text()).map(({ name }) => name);
    assert.ok(names.includes("vpn_ws_peers"));
  });

  test("is not for strangers, nor for who may only join", async () => {
    assert.equal((await scrape()).status, 401);
    assert.equal((await scrape("nobody:nobody")).status, 403);
  });
});
