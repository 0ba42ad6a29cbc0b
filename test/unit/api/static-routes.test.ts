import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { readStaticFiles } from "../../../src/api/static-files.ts";
import { staticRoutes } from "../../../src/api/static-routes.ts";

const SCRIPT = "assets/index-Ab12_-9z.js";
const script = "const a = 1;\n".repeat(200);

describe("static files", () => {
  let folder = "";
  let app = new Hono();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "vpn-ws-static-"));
    mkdirSync(join(folder, "web", "assets"), { recursive: true });
    writeFileSync(join(folder, "secret.html"), "secret");
    writeFileSync(join(folder, "web", "index.html"), "<!doctype html>");
    writeFileSync(join(folder, "web", SCRIPT), script);
    symlinkSync(join(folder, "secret.html"), join(folder, "web", "link.html"));
    app = new Hono().use(staticRoutes(await readStaticFiles(join(folder, "web"))));
  });
  after(() => rmSync(folder, { recursive: true }));

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    Promise.resolve(app.request(`/${path}`, { headers }));

  test("the index is asked for again each time, and not sent again while it is the same", async () => {
    const index = await get("");
    assert.equal(index.status, 200);
    assert.equal(index.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(index.headers.get("cache-control"), "no-cache");
    assert.equal(await index.text(), "<!doctype html>");
    const etag = index.headers.get("etag") ?? "";
    const again = await get("index.html", { "if-none-match": `"other", ${etag}` });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
  });

  test("a file with a hash in its name is kept for ever", async () => {
    const answer = await get(SCRIPT);
    assert.equal(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(answer.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(answer.headers.get("content-encoding"), null);
    assert.equal(await answer.text(), script);
  });

  test("what the other end can unpack comes packed", async () => {
    const both = await get(SCRIPT, { "accept-encoding": "gzip, deflate, br;q=0.9" });
    assert.equal(both.headers.get("content-encoding"), "br");
    assert.equal(brotliDecompressSync(await both.arrayBuffer()).toString(), script);
    const gzip = await get(SCRIPT, { "accept-encoding": "GZIP, br;q=0" });
    assert.equal(gzip.headers.get("content-encoding"), "gzip");
    assert.equal(gunzipSync(await gzip.arrayBuffer()).toString(), script);
    assert.equal(gzip.headers.get("vary"), "accept-encoding");
  });

  test("what packing makes larger comes as it is", async () => {
    const index = await get("", { "accept-encoding": "gzip" });
    assert.equal(index.headers.get("content-encoding"), null);
  });

  test("nothing beyond the folder is there", async () => {
    for (const path of ["../secret.html", "%2e%2e/secret.html", "..%2fsecret.html", "link.html", "assets", "assets/"]) {
      assert.equal((await get(path)).status, 404, path);
    }
    assert.equal((await app.request("/", { method: "POST" })).status, 404);
  });

  test("a HEAD has the headers and no body", async () => {
    const answer = await app.request(`/${SCRIPT}`, { method: "HEAD" });
    assert.equal(answer.headers.get("content-length"), String(script.length));
    assert.equal(await answer.text(), "");
  });

  test("where nothing was built the page says how to build it", async () => {
    const files = await readStaticFiles(join(folder, "nothing"));
    const answer = await new Hono().use(staticRoutes(files)).request("/");
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /npm run build/);
  });

  test("a folder that is no dashboard is refused", async () => {
    writeFileSync(join(folder, "large.html"), Buffer.alloc(5 << 20));
    await assert.rejects(readStaticFiles(folder), /too much for a dashboard/);
    rmSync(join(folder, "large.html"));
    writeFileSync(join(folder, "odd.exe"), "");
    await assert.rejects(readStaticFiles(folder), /no known type/);
  });
});
