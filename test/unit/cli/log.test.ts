import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { PROJECT_ROOT, readSources } from "../../source-files.ts";

/** What a logger writes to standard error, from a process of its own. */
function logged(format: string, level: string): string {
  const script = `
    import { makeLogger } from "./src/cli/log.ts";
    const log = makeLogger("${format}", "${level}");
    log.debug("part.detail", "small");
    log.info("peer.joined", "peer 1 joined", { peer: 1, user: undefined, address: "192.0.2.1" });
    log.warn("client.mtu", "two\\nlines");
    log.error("process.failed", "the last words");
    process.exit(0);`;
  const argv = ["--import", "tsx", "--input-type=module", "--eval", script];
  const { stderr, stdout } = spawnSync(process.execPath, argv, { cwd: PROJECT_ROOT, encoding: "utf8" });
  assert.equal(stdout, "", "standard output is the user's");
  return stderr;
}

/** Each call of a logger in the sources, up to its end. */
const LOG_CALL = /\blog\.(?:debug|info|warn|error)\(\s*([\s\S]*?)\);/g;

describe("log", () => {
  test("JSON: one object per line with time, level, stable event and fields, whole at exit", () => {
    const lines = logged("json", "debug")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const { time } of lines) assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(
      lines.map(({ time: _, ...rest }) => rest),
      [
        { level: 20, event: "part.detail", msg: "small" },
        { level: 30, event: "peer.joined", peer: 1, address: "192.0.2.1", msg: "peer 1 joined" },
        { level: 40, event: "client.mtu", msg: "two\nlines" },
        { level: 50, event: "process.failed", msg: "the last words" },
      ],
    );
  });

  test("says as much as it is told to", () => {
    assert.equal(logged("json", "warn").trim().split("\n").length, 2);
    assert.equal(logged("json", "silent"), "");
  });

  test("lines for people hold time, level and words, and no colour where there is no terminal", () => {
    const text = logged("pretty", "info");
    assert.match(text, /^\[\d\d:\d\d:\d\d\] INFO: peer 1 joined\n/);
    assert.doesNotMatch(text, /small|192\.0\.2\.1/);
    assert.ok(!text.includes(String.fromCharCode(27)));
  });

  test("every event in the sources has a name of the form noun.word, in lower case", () => {
    const events = readSources("src").flatMap(({ path, text }) =>
      [...text.matchAll(LOG_CALL)].flatMap(([, args = ""]) => {
        const [, name] = /^"([^"]*)"/.exec(args) ?? [];
        return name === undefined ? [] : [{ path, name }];
      }),
    );
    assert.ok(events.length > 10, "log calls were found");
    for (const { path, name } of events) assert.match(name, /^[a-z]+\.[a-z]+(-[a-z]+)*$/, `${path}: ${name}`);
  });

  test("no log call is handed credentials", () => {
    for (const { path, text } of readSources("src")) {
      for (const [call] of text.matchAll(LOG_CALL)) {
        assert.doesNotMatch(valuesIn(call), /credentials|authorization|settings\.url/i, path);
      }
    }
  });
});

/** What a log call is handed, without the words around it. */
function valuesIn(call: string): string {
  const inTemplate = (text: string): string => [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, value]) => value).join(" ");
  return call.replace(/"[^"]*"/g, '""').replace(/`[^`]*`/g, inTemplate);
}
