/** docs/OPERATIONS.md against the code: flags, snippets, events, sentences. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Command } from "commander";
import { bansCommand } from "../../../src/cli/bans-command.ts";
import { captureCommand } from "../../../src/cli/capture-command.ts";
import { clientCommand } from "../../../src/cli/client-command.ts";
import { configCommand } from "../../../src/cli/config-command.ts";
import { dashboardCommand } from "../../../src/cli/dashboard-command.ts";
import { doctorCommand } from "../../../src/cli/doctor-command.ts";
import { eventsCommand } from "../../../src/cli/events-command.ts";
import { fdbCommand } from "../../../src/cli/fdb-command.ts";
import { inviteCommand } from "../../../src/cli/invite-command.ts";
import { kickCommand } from "../../../src/cli/kick-command.ts";
import { legacyClientCommand } from "../../../src/cli/legacy-client.ts";
import { legacyServerCommand } from "../../../src/cli/legacy-server.ts";
import { limitCommand } from "../../../src/cli/limit-command.ts";
import { passwdCommand } from "../../../src/cli/passwd-command.ts";
import { peersCommand } from "../../../src/cli/peers-command.ts";
import { serverCommand } from "../../../src/cli/server-command.ts";
import { statusCommand } from "../../../src/cli/status-command.ts";
import { tokenCommand } from "../../../src/cli/token-command.ts";
import { readSources } from "../../source-files.ts";
import { blocksOf, codeOf, DOCUMENTS, namedBlock, readText, sectionOf, tableRows } from "./documents.ts";

const operations = readText("docs/OPERATIONS.md");
const sources = readSources("src");

/** The flags of a command and of its subcommands. */
const flagsOf = ({ options, commands }: Command): readonly string[] =>
  [...options.map(({ flags }) => flags), ...commands.flatMap(flagsOf)].sort();

/** The commands of `vpn-ws`, by name. */
const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    serverCommand(),
    clientCommand(),
    doctorCommand(),
    inviteCommand(),
    tokenCommand(),
    passwdCommand(),
    configCommand(),
    statusCommand(),
    peersCommand(),
    fdbCommand(),
    kickCommand(),
    limitCommand(),
    bansCommand(),
    eventsCommand(),
    captureCommand(),
    dashboardCommand(),
  ].map((command) => [command.name(), command]),
);

/** The flags in first cells, each once. */
function documentedFlags(text: string): readonly string[] {
  return tableRows(text)
    .flatMap(([cell = ""]) => codeOf(cell))
    .filter((code) => /^--?[a-z]/.test(code))
    .sort();
}

describe("docs/OPERATIONS.md", () => {
  for (const [name, command] of COMMANDS) {
    test(`lists every flag of vpn-ws ${name}, and no other`, () => {
      assert.deepEqual(documentedFlags(sectionOf(operations, `## \`vpn-ws ${name}\``)), flagsOf(command));
    });
  }

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

  test("shows the files of contrib/haproxy as they are", () => {
    for (const name of ["http", "tcp"]) {
      assert.equal(namedBlock(operations, `${name}.cfg`), readText(`contrib/haproxy/${name}.cfg`), name);
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
    let seen = 0;
    for (const document of DOCUMENTS) {
      const shell = blocksOf(readText(document)).filter(({ language }) => language === "sh");
      const lines = shell.flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"));
      for (const line of lines) {
        const [, name = "", rest = ""] = /\bvpn-ws ([a-z]+) (.*)$/.exec(line) ?? [];
        const command = COMMANDS.get(name);
        if (command === undefined) continue;
        seen++;
        const flags = rest.replace(/'[^']*'|\s#.*$/g, "").match(/--[a-z-]+/g) ?? [];
        for (const flag of flags) {
          assert.ok(
            flagsOf(command).some((one) => one.split(" ")[0] === flag),
            `${document}: vpn-ws ${name} has no ${flag}`,
          );
        }
      }
    }
    assert.ok(seen >= 20, "the command lines were found");
  });
});
