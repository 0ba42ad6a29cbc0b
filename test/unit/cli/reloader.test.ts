import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { FrontConfig } from "../../../src/cli/known-fronts.ts";
import { Reloader } from "../../../src/cli/reloader.ts";
import { isOpen, type ServerSettings, serverConfigOf } from "../../../src/cli/server-settings.ts";
import type { ControlConfig, HooksConfig, ServerConfig } from "../../../src/config/server-config.ts";
import type { NetworkDefinition } from "../../../src/server/network.ts";
import { HandClock } from "../../hand-clock.ts";
import { openAccess } from "../../open-access.ts";
import { RecordingLog } from "../../recording-log.ts";

const EXPOSED = 'listen: ["http://0.0.0.0:8080"]\nauthentication: [{ kind: tokens }]\n';
/** Longer than two looks at the file are apart. */
const A_WHILE_MS = 1_000;

describe("a reload", () => {
  let directory: string;
  let clock: HandClock;
  let log: RecordingLog;
  let reloader: Reloader;
  let made: ServerConfig[];
  let fronts: FrontConfig[];
  let hooks: HooksConfig[];
  let desks: ControlConfig[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-reloader-"));
    clock = new HandClock();
    log = new RecordingLog();
    made = [];
    fronts = [];
    hooks = [];
    desks = [];
  });
  afterEach(() => {
    reloader.close();
    rmSync(directory, { recursive: true });
  });

  function write(text: string): string {
    const path = join(directory, "server.yaml");
    writeFileSync(path, text);
    return path;
  }

  function start(text: string): void {
    // Only what a reload looks at; the rest is no part of it.
    const settings = {
      config: write(text),
      listen: [],
      addresses: [],
      auth: [],
      trustedProxies: [],
      socketUsers: [],
      control: [],
      admins: [],
      broadcast: true,
      multicast: true,
    } as unknown as ServerSettings;
    const keeper = {
      make: (config: ServerConfig) => {
        made.push(config);
        return openAccess();
      },
      settle: () => {},
      reloadFiles: () => {},
    };
    const deps = {
      clock,
      log,
      keeper,
      server: { reload: () => {}, recheck: () => {} },
      tls: undefined,
      fronts: { use: (config: FrontConfig) => void fronts.push(config) },
      hooks: { use: (config: HooksConfig) => void hooks.push(config) },
      desk: { use: (config: ControlConfig) => void desks.push(config) },
      definitionOf: ({ name }: { readonly name: string }) => ({ name }) as NetworkDefinition,
    };
    reloader = new Reloader(deps, settings, serverConfigOf(settings));
    reloader.start();
  }

  function reload(text: string): void {
    write(text);
    clock.advance(A_WHILE_MS);
  }

  test("says who looks and steers from now on, and that its places wait for a restart", () => {
    start(EXPOSED);
    reload(`${EXPOSED}control: { listen: ["http://127.0.0.1:8081"], path: /admin, admins: [ada], session: 2h }\n`);
    assert.deepEqual(desks.at(-1)?.admins, ["ada"]);
    assert.equal(desks.at(-1)?.sessionMs, 7_200_000);
    assert.match(log.of("config.restart")[0]?.message ?? "", /control\.listen or control\.path/);
  });

  test("does not open a listener that strangers reach still, whatever the file says of listeners now", () => {
    start(EXPOSED);
    reload('listen: ["unix:/run/vpn.sock"]\n');
    assert.deepEqual(made, []);
    assert.match(log.of("config.reload-failed")[0]?.message ?? "", /http:\/\/0\.0\.0\.0:8080 would let everybody in/);
  });

  test("does not take a file with which the server would not start again", () => {
    start('listen: ["unix:/run/vpn.sock"]\n');
    reload('listen: ["http://0.0.0.0:8080"]\n');
    assert.deepEqual(made, []);
    assert.match(log.of("config.reload-failed")[0]?.message ?? "", /would let everybody in/);
  });

  test("judges who is let in by the listeners that there are", () => {
    start(EXPOSED);
    reload('listen: ["unix:/run/vpn.sock"]\nauthentication: [{ kind: tokens }]\n');
    assert.deepEqual(made.map(isOpen), [false]);
    assert.deepEqual(
      log.of("config.restart").map(({ message }) => message.split(" ")[0]),
      ["listen"],
    );
  });

  test("says loudly, and once, that everybody is let in from now on", () => {
    start(EXPOSED);
    reload(`${EXPOSED}allow_anonymous: true\n`);
    const warnings = (): string[] => log.of("config.warning").map(({ message }) => message);
    assert.equal(warnings().length, 1);
    assert.match(warnings()[0] ?? "", /anyone who reaches http:\/\/0\.0\.0\.0:8080 is in without credentials/);
    reload(`${EXPOSED}allow_anonymous: true\nallowed_origins: ["https://emulator.example"]\n`);
    assert.deepEqual([made.length, warnings().length], [2, 1]);
  });

  test("holds for who may speak to a unix socket, and says what has to wait", () => {
    start(EXPOSED);
    reload(`${EXPOSED}socket_users: [www-data]\ntrusted_proxies: [192.0.2.1]\ntls: { client_ca: ca.pem }\n`);
    assert.deepEqual(
      fronts.map(({ socketUsers, trustedProxies }) => [socketUsers, trustedProxies.length]),
      [[["www-data"], 1]],
    );
    assert.deepEqual(
      log.of("config.restart").map(({ message }) => message.split(" ")[0]),
      ["tls"],
    );
  });

  test("does not change congestion control, which was set as root, and says so", () => {
    start(`${EXPOSED}congestion: bbr\n`);
    reload(`${EXPOSED}congestion: cubic\n`);
    assert.deepEqual(
      log.of("config.restart").map(({ message }) => message.split(" ")[0]),
      ["congestion"],
    );
  });

  test("puts other hooks in force", () => {
    start('listen: ["unix:/run/vpn.sock"]\n');
    reload('listen: ["unix:/run/vpn.sock"]\nhooks: { join: { exec: /usr/local/bin/came } }\n');
    assert.deepEqual(
      hooks.map(({ join }) => join.exec),
      ["/usr/local/bin/came"],
    );
  });
});
