import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { PostFetch } from "../../../src/cli/hook-webhook.ts";
import { Hooks } from "../../../src/cli/hooks.ts";
import { parseServerConfig } from "../../../src/config/load-server-config.ts";
import type { HooksConfig } from "../../../src/config/server-config.ts";
import type { PeerNotice } from "../../../src/server/peer-notice.ts";
import { formatMac } from "../../../src/wire/mac.ts";
import { RecordingLog } from "../../recording-log.ts";

const NOTICE: PeerNotice = {
  event: "join",
  peer: 7,
  user: "$(touch /tmp/owned) 'al ice'",
  network: "office",
  mac: formatMac(0x0200, 1),
  address: "192.0.2.1",
};
const SECRET = "s3cret-path";
const NOTHING = { exec: undefined, webhook: undefined };

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-hooks-"));
});
after(() => rmSync(directory, { recursive: true }));

describe("hooks", () => {
  let log: RecordingLog;
  let posted: { readonly url: string; readonly body: string; readonly headers: Readonly<Record<string, string>> }[];
  let answer: () => Promise<Response>;
  let hooks: Hooks;
  beforeEach(() => {
    log = new RecordingLog();
    posted = [];
    answer = async () => new Response(null, { status: 204 });
  });
  afterEach(() => hooks.close());

  function start(config: Partial<HooksConfig>): void {
    const fetch: PostFetch = (url, { body, headers }) => {
      posted.push({ url, body, headers });
      return answer();
    };
    hooks = new Hooks({ clock: systemClock, log, fetch }, { join: NOTHING, leave: NOTHING, ...config });
  }

  test("a command finds who came in its environment, and nothing of it is run", async () => {
    const file = join(directory, "came");
    const exec = `printf '%s|' "$VPN_WS_EVENT" "$VPN_WS_PEER" "$VPN_WS_USER" "$VPN_WS_NETWORK" "$VPN_WS_MAC" "$VPN_WS_ADDRESS" >${file}.new && mv ${file}.new ${file}`;
    start({ join: { ...NOTHING, exec } });
    hooks.tell(NOTICE);
    await hooks.close();
    assert.equal(readFileSync(file, "utf8"), `join|7|${NOTICE.user}|office|02:00:00:00:00:01|192.0.2.1|`);
    assert.deepEqual(log.lines, []);
  });

  test("a command gets no secret of ours", async () => {
    process.env.VPN_WS_TOKEN = SECRET;
    const file = join(directory, "environment");
    start({ leave: { ...NOTHING, exec: `env >${file}` } });
    hooks.tell({ ...NOTICE, event: "leave", mac: undefined });
    await hooks.close();
    delete process.env.VPN_WS_TOKEN;
    const environment = readFileSync(file, "utf8");
    assert.match(environment, /^VPN_WS_EVENT=leave$/m);
    assert.match(environment, /^VPN_WS_MAC=$/m);
    assert.ok(!environment.includes(SECRET));
  });

  test("says which command failed, and how", async () => {
    start({ join: { ...NOTHING, exec: "exit 3" }, leave: { ...NOTHING, exec: "kill -TERM $$" } });
    hooks.tell(NOTICE);
    hooks.tell({ ...NOTICE, event: "leave" });
    await hooks.close();
    assert.deepEqual(
      log.of("hook.failed").map(({ level, fields }) => [level, fields]),
      [
        ["warn", { hook: "join.exec", peer: 7, reason: "exit code 3" }],
        ["warn", { hook: "leave.exec", peer: 7, reason: "killed by SIGTERM" }],
      ],
    );
  });

  test("a command that cannot be started ends nobody else", async () => {
    start({ join: { ...NOTHING, exec: "true \0" } });
    hooks.tell(NOTICE);
    await hooks.close();
    assert.equal(log.of("hook.failed").length, 1);
  });

  test("what a command has started ends with it when the server stops", async () => {
    const file = join(directory, "child");
    start({ join: { ...NOTHING, exec: `sleep 600 & echo $! >${file}; wait` } });
    hooks.tell(NOTICE);
    const processId = (): number => Number(readFileSync(file, "utf8"));
    await waitFor("the child", () => {
      try {
        return processId() > 0;
      } catch {
        return false;
      }
    });
    await hooks.close();
    await waitFor("its end", () => isGone(processId()));
  });

  test("posts who came and went to a webhook", async () => {
    start({ join: { ...NOTHING, webhook: `https://example.org/${SECRET}` } });
    hooks.tell(NOTICE);
    hooks.tell({ ...NOTICE, event: "leave" });
    await hooks.close();
    assert.equal(posted.length, 1);
    assert.equal(posted[0]?.headers["content-type"], "application/json");
    const { at, agent, ...rest } = JSON.parse(posted[0]?.body ?? "");
    assert.deepEqual(rest, NOTICE);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
    assert.match(agent, /^vpn-ws\//);
  });

  test("a webhook that refuses or is not there is told of, and its address is not", async () => {
    const answers: (() => Promise<Response>)[] = [
      async () => new Response("no", { status: 403 }),
      async () => {
        const cause = Object.assign(new Error(`connect to ${SECRET}`), { code: "ECONNREFUSED" });
        throw new TypeError(`fetch of ${SECRET} failed`, { cause });
      },
      () => Promise.reject(new TypeError(`redirected to ${SECRET}`)),
    ];
    answer = () => answers.shift()?.() ?? Promise.reject(new Error("too many"));
    start({ join: { ...NOTHING, webhook: `https://example.org/${SECRET}` } });
    for (const peer of [1, 2, 3]) hooks.tell({ ...NOTICE, peer });
    await hooks.close();
    assert.deepEqual(
      log
        .of("hook.failed")
        .map(({ fields }) => fields.reason)
        .sort(),
      ["no answer (ECONNREFUSED)", "no answer (failed)", "the answer is 403"],
    );
    assert.ok(!log.text.includes(SECRET));
  });

  test("hooks that fail again and again do not fill the log", async () => {
    start({ join: { ...NOTHING, webhook: "https://example.org/" } });
    answer = () => Promise.reject(new Error("down"));
    for (let peer = 0; peer < 2_000; peer++) hooks.tell({ ...NOTICE, peer });
    assert.ok(log.of("hook.failed").length <= 300);
    hooks.use({ join: NOTHING, leave: NOTHING });
    await hooks.close();
    assert.ok(log.of("hook.failed").length <= 300);
  });

  test("other hooks are in force from the next peer on", async () => {
    start({});
    hooks.tell(NOTICE);
    hooks.use({ join: { ...NOTHING, webhook: "https://example.org/new" }, leave: NOTHING });
    hooks.tell(NOTICE);
    await hooks.close();
    assert.deepEqual(
      posted.map(({ url }) => url),
      ["https://example.org/new"],
    );
  });
});

describe("hooks in the configuration file", () => {
  const parse = (text: string): HooksConfig => parseServerConfig(text, "/etc/vpn-ws/server.yaml").hooks;

  test("each is a command, a webhook, or both", () => {
    const hooks = parse("hooks: { join: { exec: /usr/local/bin/came, webhook: 'https://example.org/x' } }");
    assert.deepEqual(hooks.join, { exec: "/usr/local/bin/came", webhook: "https://example.org/x" });
    assert.deepEqual(hooks.leave, NOTHING);
  });

  test("without the key there are none", () => {
    assert.deepEqual(parse("listen: []"), { join: NOTHING, leave: NOTHING });
  });

  test("takes no URL of another kind, or with a password in it, and shows none", () => {
    for (const url of [`ftp://example.org/${SECRET}`, SECRET, `https://user:${SECRET}@example.org/`]) {
      const isToldOf = ({ message }: Error): boolean => /hooks\.leave\.webhook/.test(message) && /URL/.test(message);
      assert.throws(() => parse(`hooks: { leave: { webhook: '${url}' } }`), isToldOf);
    }
  });
});

function isGone(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return readFileSync(`/proc/${processId}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}
