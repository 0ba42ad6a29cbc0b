import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { JsonRequests, RequestProblem } from "../../../web/src/data/json-requests.ts";
import { ServerApi } from "../../../web/src/data/server-api.ts";

describe("requests of the dashboard", () => {
  let sent: { url: string; init: RequestInit | undefined }[];
  let respond: () => Response;
  let unauthorized: number;
  let requests: JsonRequests;

  beforeEach(() => {
    sent = [];
    unauthorized = 0;
    respond = () => Response.json({ message: "done" });
    const fetch = async (url: unknown, init?: RequestInit) => {
      sent.push({ url: String(url), init });
      return respond();
    };
    requests = new JsonRequests({ fetch, onUnauthorized: () => unauthorized++ }, { base: "http://host/admin/api/v1/" });
  });

  const problemOf = async (asking: Promise<unknown>): Promise<RequestProblem> => {
    const problem = await asking.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(problem instanceof RequestProblem);
    return problem;
  };

  test("go to where the page is, with what was asked for", async () => {
    await requests.get("peers", { network: "a b", search: "", sort: undefined, limit: 5 });
    assert.equal(sent[0]?.url, "http://host/admin/api/v1/peers?network=a+b&limit=5");
  });

  test("send JSON, and say so", async () => {
    assert.deepEqual(await requests.post("peers/7/isolate", { isolated: null }), { message: "done" });
    assert.deepEqual(sent[0]?.init?.headers, { "content-type": "application/json" });
    assert.equal(sent[0]?.init?.body, '{"isolated":null}');
    await requests.delete("session");
    assert.equal(sent[1]?.init?.headers, undefined);
  });

  test("take an answer without a body", async () => {
    respond = () => new Response(null, { status: 204 });
    assert.equal(await requests.delete("session"), undefined);
  });

  test("name peers and bans whatever is in their names", async () => {
    const api = new ServerApi(requests);
    await api.kick("uplink:a/b", "", 0);
    assert.equal(sent[0]?.url, "http://host/admin/api/v1/peers/uplink%3Aa%2Fb");
    assert.equal(sent[0]?.init?.body, '{"banMs":0}');
  });

  test("fail with the sentence of the server", async () => {
    respond = () => Response.json({ title: "Not found", detail: "There is no peer 7." }, { status: 404 });
    const { message, status } = await problemOf(requests.get("peers/7"));
    assert.deepEqual([status, message], [404, "There is no peer 7."]);
    respond = () => Response.json({ title: "Not found" }, { status: 404 });
    assert.equal((await problemOf(requests.get("x"))).message, "Not found");
    respond = () => new Response("<html>", { status: 502 });
    assert.equal((await problemOf(requests.get("x"))).message, "The server answered with status 502.");
    assert.equal(unauthorized, 0);
  });

  test("tell when somebody has to log in, and when nobody answers", async () => {
    respond = () => Response.json({ title: "Say who you are." }, { status: 401 });
    assert.equal((await problemOf(requests.get("x"))).status, 401);
    assert.equal(unauthorized, 1);
    respond = () => {
      throw new TypeError("fetch failed");
    };
    const { message, status } = await problemOf(requests.get("x"));
    assert.deepEqual([status, message], [0, "The server does not answer."]);
  });
});
