import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { newTokenSecret } from "../../../src/access/token.ts";
import { AccessKeeper } from "../../../src/cli/access-keeper.ts";
import { DEFAULT_SERVER_CONFIG, type ServerConfig } from "../../../src/config/server-config.ts";
import { TokenFile } from "../../../src/state/token-file.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";
import { makeRequest } from "../access/requests.ts";

const CONFIG: ServerConfig = { ...DEFAULT_SERVER_CONFIG, authentication: [{ kind: "tokens" }] };

describe("what decides about credentials", () => {
  let directory: string;
  let path: string;
  let clock: HandClock;
  let log: RecordingLog;
  let keeper: AccessKeeper;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-keeper-"));
    path = join(directory, "tokens.json");
    clock = new HandClock();
    log = new RecordingLog();
    const openTokens = (): TokenFile => new TokenFile({ clock, nowUnixMs: Date.now }, path);
    keeper = new AccessKeeper({ clock, log, openTokens, onChanged: () => {} });
  });
  afterEach(() => {
    keeper.close();
    rmSync(directory, { recursive: true });
  });

  test("refuses while it cannot read its tokens, and says why: now and then, however many ask, and without a secret", async () => {
    const { chain } = keeper.make(CONFIG);
    writeFileSync(path, "damaged");
    const secret = newTokenSecret();
    const ask = () => chain.authenticate(makeRequest({ authorization: `Bearer ${secret}` }));
    const decisions = [{ method: "token", reason: "unavailable", user: undefined }];
    for (let i = 0; i < 100; i++) assert.deepEqual(await ask(), { state: "refused", decisions });
    const lines = log.of("access.fault");
    assert.ok(lines.length >= 1 && lines.length <= 5, `${lines.length} lines`);
    assert.match(
      lines[0]?.message ?? "",
      /^authentication by token refused a request: .*tokens\.json is not a token file/,
    );
    assert.ok(!log.text.includes(secret));
    clock.advance(60_000);
    await ask();
    assert.equal(log.of("access.fault").length, lines.length + 1);
  });

  test("lets stay by unix sockets whom the configuration that it is made of names", () => {
    const listed = keeper.make({ ...CONFIG, socketUsers: ["4711"] });
    const other = keeper.make({ ...CONFIG, socketUsers: ["4712"] });
    assert.deepEqual(
      [listed.mayConnect(4711), other.mayConnect(4711), other.mayConnect(undefined)],
      [true, false, false],
    );
  });
});
