import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { makeClientApi } from "../../../src/api/client-api.ts";
import { clientStatusSchema } from "../../../src/control/client-model.ts";
import { aClientStatus } from "../../a-client-status.ts";

describe("a client's API", () => {
  let directory: string;
  let server: Server;
  let mayLook: boolean;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "vpnws-client-api-"));
    mayLook = true;
    server = makeClientApi({ status: aClientStatus, mayLook: () => mayLook });
    await new Promise<void>((resolve) => server.listen(join(directory, "client.sock"), resolve));
  });
  afterEach(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  function ask(method: string, path: string): Promise<{ status: number; type: string; body: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: join(directory, "client.sock"), method, path, agent: false },
        async (answer) => {
          let text = "";
          for await (const chunk of answer) text += chunk;
          const { statusCode: status = 0, headers } = answer;
          resolve({ status, type: String(headers["content-type"]), body: JSON.parse(text) });
        },
      );
      sent.on("error", reject).end();
    });
  }

  test("shows its status", async () => {
    const { status, type, body } = await ask("GET", "/api/v1/client");
    assert.deepEqual([status, type], [200, "application/json"]);
    assert.deepEqual(clientStatusSchema.parse(body), aClientStatus());
  });

  test("shows it to nobody who may not look, and can do nothing", async () => {
    assert.equal((await ask("POST", "/api/v1/client")).status, 405);
    assert.equal((await ask("GET", "/api/v1/server")).status, 404);
    mayLook = false;
    const { status, type, body } = await ask("GET", "/api/v1/client");
    assert.deepEqual([status, type, body.status], [403, "application/problem+json", 403]);
  });
});
