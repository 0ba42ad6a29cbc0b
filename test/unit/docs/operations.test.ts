/** docs/OPERATIONS.md against the code: flags, snippets, events, sentences. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Command } from "commander";
import { clientCommand } from "../../../src/cli/client-command.ts";
import { legacyClientCommand } from "../../../src/cli/legacy-client.ts";
import { legacyServerCommand } from "../../../src/cli/legacy-server.ts";
import { serverCommand } from "../../../src/cli/server-command.ts";
import { readSources } from "../../source-files.ts";
import { blocksOf, codeOf, DOCUMENTS, namedBlock, readText, sectionOf, tableRows } from "./documents.ts";

const operations = readText("docs/OPERATIONS.md");
const sources = readSources("src");

const flagsOf = (command: Command): readonly string[] => command.options.map(({ flags }) => flags).sort();

/** First cells that begin with a flag. */
function documentedFlags(text: string): readonly string[] {
  return tableRows(text)
    .flatMap(([cell = ""]) => codeOf(cell).slice(0, 1))
    .filter((code) => code.startsWith("--"))
    .sort();
}

describe("docs/OPERATIONS.md", () => {
  test("lists every flag of vpn-ws server and vpn-ws client, and no other", () => {
    for (const [heading, command] of [
      ["## `vpn-ws server`", serverCommand()],
      ["## `vpn-ws client`", clientCommand()],
    ] as const) {
      assert.deepEqual(documentedFlags(sectionOf(operations, heading)), flagsOf(command), heading);
    }
  });

  test("lists every flag of the original's command lines as we take them", () => {
    const section = sectionOf(operations, "## The original's command lines");
    const [server = "", client = ""] = section.split("`vpn-ws-client [flags] TAP URL`");
    assert.deepEqual(documentedFlags(server), flagsOf(legacyServerCommand()));
    assert.deepEqual(documentedFlags(client), flagsOf(legacyClientCommand()));
  });

  test("shows the files of contrib/nginx as they are", () => {
    for (const name of ["uwsgi-unix", "uwsgi-tcp", "proxy", "tls"]) {
      assert.equal(namedBlock(operations, `${name}.conf`), readText(`contrib/nginx/${name}.conf`), name);
    }
  });

  test("lists every event that is logged, with its level, and no other", () => {
    const LOG_CALL = /\blog\.(debug|info|warn|error)\(\s*"([^"]+)"/g;
    const logged = sources.flatMap(({ text }) =>
      [...text.matchAll(LOG_CALL)].map(([, level, event]) => [event, level]),
    );
    const documented = tableRows(sectionOf(operations, "## Logs"))
      .slice(1)
      .map(([event = "", level]) => [codeOf(event)[0], level]);
    const unique = (rows: unknown[][]): string[] => [...new Set(rows.map((row) => row.join(" ")))].sort();
    assert.ok(logged.length > 10, "the calls were found");
    assert.deepEqual(unique(documented), unique(logged));
  });

  test("quotes sentences that the program says", () => {
    const said = sources.map(({ text }) => text).join("\n");
    const rows = tableRows(sectionOf(operations, "## Troubleshooting")).slice(1);
    for (const [cell = ""] of rows) {
      for (const sentence of codeOf(cell)) assert.ok(said.includes(sentence), `nobody says: ${sentence}`);
    }
    assert.ok(rows.length > 10);
  });
});

describe("command lines in the documents", () => {
  test("use only flags that the program has", () => {
    const known: Readonly<Record<string, readonly string[]>> = {
      server: flagsOf(serverCommand()),
      client: flagsOf(clientCommand()),
    };
    let seen = 0;
    for (const document of DOCUMENTS) {
      const shell = blocksOf(readText(document)).filter(({ language }) => language === "sh");
      const lines = shell.flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"));
      for (const line of lines) {
        const [, name = "", rest = ""] = /\bvpn-ws (server|client) (.*)$/.exec(line) ?? [];
        if (name === "") continue;
        seen++;
        const flags = rest.replace(/'[^']*'/g, "").match(/--[a-z-]+/g) ?? [];
        for (const flag of flags) {
          assert.ok(
            known[name]?.some((one) => one.split(" ")[0] === flag),
            `${document}: vpn-ws ${name} has no ${flag}`,
          );
        }
      }
    }
    assert.ok(seen >= 6, "the command lines were found");
  });
});
