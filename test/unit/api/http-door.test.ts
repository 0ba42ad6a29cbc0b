import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { refuse } from "../../../src/transport/incoming.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS, type Listener } from "../../../src/transport/listener.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { basic } from "../../asked.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { askHttp } from "../../http-ask.ts";

const { authorization = "" } = basic("admin");

describe("the API below a path of a main listener", () => {
  let api: FakeApi;
  let listeners: readonly Listener[];
  let address: string;

  before(async () => {
    api = await startFakeApi();
    listeners = await bindListeners(
      { clock: systemClock, log: silentLogger, peerUid: () => undefined },
      [parseListenAddress("tcp://127.0.0.1:0")],
      { ...LISTENER_DEFAULTS, tls: undefined, isSharedAddress: () => true },
    );
    for (const listener of listeners) {
      listener.open((incoming) => {
        if (api.site.isFor(incoming)) api.site.take(incoming);
        else refuse(incoming.socket, 426, "elsewhere");
      });
    }
    address = listeners[0]?.address.replace("tcp:", "http:") ?? "";
  });
  after(() => {
    for (const listener of listeners) listener.close();
    api.close();
  });

  const open = (): Socket => connect(Number(new URL(address).port), "127.0.0.1");

  /** Everything that is answered to these bytes. */
  async function answerTo(...chunks: readonly (Uint8Array | string)[]): Promise<string> {
    const socket = open();
    for (const chunk of chunks) {
      socket.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text;
  }

  const uwsgi = (method: string, target: string, more: Readonly<Record<string, string>> = {}): Uint8Array => {
    const [path = "", query = ""] = target.split("?");
    const vars = {
      REQUEST_METHOD: method,
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_URI: target,
      HTTP_HOST: "site.example",
      HTTP_AUTHORIZATION: authorization,
      CONTENT_LENGTH: "",
      CONTENT_TYPE: "",
      ...more,
    };
    return encodeUwsgi(0, Object.entries(vars));
  };

  test("answers HTTP, below its path and nowhere else", async () => {
    const headers = { authorization, host: "site.example" };
    const answer = await askHttp(address, { path: "/admin/api/v1/peers?limit=1", headers });
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.text).total, 22);
    assert.equal(answer.headers.connection, "close");
    for (const path of ["/api/v1/server", "/administrator/api/v1/server", "/%61dmin/api/v1/server", "/"]) {
      assert.equal((await askHttp(address, { path, headers })).status, 426, path);
    }
    const folder = await askHttp(address, { path: "/admin", headers });
    assert.deepEqual([folder.status, folder.headers.location], [307, "/admin/"]);
  });

  test("takes a body by HTTP, however it arrives", async () => {
    const body = '{"isolated":true}';
    const head = `POST /admin/api/v1/peers/3/isolate HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    for (const chunks of [[head + body], [head, body], [head, ...body]]) {
      const answer = await answerTo(...chunks);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(answer, /transfer-encoding/i);
    }
  });

  test("answers uwsgi, with a query and a body", async () => {
    const list = await answerTo(uwsgi("GET", "/admin/api/v1/peers?sort=id&limit=2"));
    assert.match(list, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(list, /\r\n\r\n\{"total":22,"peers":\[/);
    assert.doesNotMatch(list, /transfer-encoding/i);
    const body = '{"reason":"bye"}';
    const length = { CONTENT_LENGTH: String(body.length), CONTENT_TYPE: "application/json" };
    const kicked = await answerTo(uwsgi("DELETE", "/admin/api/v1/peers/9", length), body);
    assert.match(kicked, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\{"message":/);
  });

  test("passes on what happens as it happens, by uwsgi too", async () => {
    const socket = open();
    socket.write(uwsgi("GET", "/admin/api/v1/live"));
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes("event: hello") && !text.includes("a.happening")) {
        api.model.events.publish("info", "a.happening", "now", {});
      }
      if (text.includes("a.happening")) break;
    }
    assert.match(text, /x-accel-buffering: no/i);
  });

  test("refuses what two readers could take in two ways, and what is too long", async () => {
    const head = `POST /admin/api/v1/reload HTTP/1.1\r\nHost: a\r\n`;
    const cases: readonly (readonly [string, number])[] = [
      [`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, 400],
      [`${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 501],
      [`${head}Content-Length: 16385\r\n\r\n`, 413],
      [`${head}Content-Length: +5\r\n\r\n`, 400],
    ];
    for (const [text, status] of cases) assert.match(await answerTo(text), new RegExp(`^HTTP/1.1 ${status} `));
    const long = uwsgi("POST", "/admin/api/v1/reload", { CONTENT_LENGTH: "16385" });
    assert.match(await answerTo(long), /^HTTP\/1\.1 413 /);
    const odd = uwsgi("POST", "/admin/api/v1/reload", { CONTENT_LENGTH: "1e3" });
    assert.match(await answerTo(odd), /^HTTP\/1\.1 400 /);
    const split = uwsgi("GET", "/admin/api/v1/server", { CONTENT_TYPE: "a\r\nX-Evil: 1" });
    assert.match(await answerTo(split), /^HTTP\/1\.1 400 /);
  });

  test("hears one request, whatever a web server says of it", async () => {
    const odd = fc.constantFrom(
      "\r\n",
      "\n",
      "\r",
      " ",
      "\0",
      "?",
      "#",
      "%0d%0a",
      "//",
      "..",
      "\ud800",
      "\xff",
      "HTTP/1.1",
    );
    const words = fc.array(fc.oneof(odd, fc.string({ maxLength: 4 })), { maxLength: 6 }).map((parts) => parts.join(""));
    const second = "GET /admin/api/v1/server HTTP/1.1\r\nHost: a\r\n\r\n";
    const said = fc.record(
      {
        REQUEST_METHOD: fc.oneof(fc.constantFrom("GET", "HEAD", "POST", "CONNECT", "TRACE", "PRI"), words),
        PATH_INFO: words.map((text) => `/admin/${text}`),
        QUERY_STRING: words,
        CONTENT_LENGTH: fc.constantFrom("", "0", "1", "-1", "1 ", "0x1", "1,1", "١"),
        CONTENT_TYPE: words,
        HTTP_ACCEPT: words.map((text) => `*/*${text}${second}`),
        HTTP_ACCEPT_ENCODING: words,
        HTTP_IF_NONE_MATCH: words,
        HTTP_TRANSFER_ENCODING: fc.constant("chunked"),
        HTTP_UPGRADE: fc.constant("websocket"),
        HTTP_CONNECTION: fc.constant("keep-alive, upgrade"),
      },
      { requiredKeys: ["REQUEST_METHOD", "PATH_INFO"] },
    );
    await fc.assert(
      fc.asyncProperty(said, async (vars) => {
        const packet = encodeUwsgi(0, Object.entries({ ...vars, HTTP_AUTHORIZATION: authorization }));
        const answer = await answerTo(packet, second, second);
        assert.ok((answer.match(/HTTP\/1\.[01] \d/g)?.length ?? 0) <= 1, answer);
      }),
      { numRuns: 150 },
    );
  });

  test("answers one request of a connection: what comes behind is not heard", async () => {
    const request = `GET /admin/api/v1/networks HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`;
    const answer = await answerTo(request + request);
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1);
  });

  test("keeps nothing for who asked for a head only", async () => {
    for (const path of ["/admin/api/v1/live", "/admin/api/v1/peers"]) {
      const answer = await askHttp(address, { method: "HEAD", path, headers: { authorization } });
      assert.deepEqual([answer.status, answer.text], [200, ""]);
    }
    await waitFor("the feed to end", async () => api.live.subscribers === 0);
  });

  test("lets those go first who have not sent all of their request", async () => {
    const head = "POST /admin/api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
    const slow = Array.from({ length: 256 }, () => open().on("error", () => {}));
    for (const socket of slow) socket.write(head);
    let closed = 0;
    for (const socket of slow) socket.once("close", () => closed++).resume();
    await waitFor("room", async () => {
      const { status } = await askHttp(address, { path: "/admin/api/v1/server", headers: { authorization } });
      assert.equal(status, 200);
      return closed > 0;
    });
    for (const socket of slow) socket.destroy();
  });

  test("is of the site: its name is any, and a page must be its own", async () => {
    const ask = (origin: string) =>
      askHttp(address, { path: "/admin/api/v1/server", headers: { authorization, host: "site.example", origin } });
    assert.equal((await ask("https://site.example")).status, 200);
    assert.equal((await ask("https://other.example")).status, 403);
  });
});
