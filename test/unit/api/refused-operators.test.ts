import assert from "node:assert/strict";
import { test } from "node:test";
import { startFakeApi } from "../../fake-api.ts";
import { RecordingLog } from "../../recording-log.ts";

test("who is refused again and again does not fill the log", async () => {
  const log = new RecordingLog();
  const api = await startFakeApi({ log });
  const authorization = `Basic ${Buffer.from("nobody:nobody").toString("base64")}`;
  try {
    for (let request = 0; request < 310; request++) {
      const answer = await fetch(`${api.addresses[0]}/api/v1/server`, { headers: { authorization } });
      assert.equal(answer.status, 403);
      await answer.body?.cancel();
    }
  } finally {
    api.close();
  }
  const lines = log.of("control.refused");
  assert.equal(lines[0]?.fields.reason, "not-listed");
  assert.ok(lines.length >= 300 && lines.length < 310, `${lines.length} lines`);
});
