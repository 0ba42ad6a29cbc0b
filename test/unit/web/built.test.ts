import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { dashboardFolder, readStaticFiles } from "../../../src/api/static-files.ts";

/** What a browser loads altogether, compressed. */
const MAX_COMPRESSED_BYTES = 100_000;

describe("the dashboard as `npm run build` makes it", async () => {
  const folder = dashboardFolder();
  const files = await readStaticFiles(folder);

  test("is small", () => {
    assert.ok(files.has("index.html"), "it was not built: run `npm run build`");
    const sizes = [...files.values()].map(({ bodies }) => {
      const body = bodies.find(({ coding }) => coding === "gzip") ?? bodies.at(-1);
      return body?.bytes.length ?? 0;
    });
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < MAX_COMPRESSED_BYTES, `${bytes} bytes`);
  });

  test("has nothing inline, and names nothing outside of itself", () => {
    const index = readFileSync(join(folder, "index.html"), "utf8");
    assert.doesNotMatch(index, /<style|style=|<script(?![^>]*\bsrc=)|\son\w+=/);
    const addresses = [...index.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? "");
    assert.ok(addresses.length >= 3);
    for (const address of addresses) assert.match(address, /^\.\/assets\//);
    for (const address of addresses) assert.ok(files.get(address.slice(2))?.isImmutable, address);
  });
});
