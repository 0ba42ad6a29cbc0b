import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Command } from "commander";
import { clientCommand } from "../../../src/cli/client-command.ts";
import { collect, parseMtu } from "../../../src/cli/flags.ts";
import { legacyClientCommand } from "../../../src/cli/legacy-client.ts";
import { legacyServerCommand } from "../../../src/cli/legacy-server.ts";
import { serverCommand } from "../../../src/cli/server-command.ts";

/** The options that the words mean to a command, which is not run. */
function optionsOf(command: Command, words: readonly string[]): Record<string, unknown> {
  return command
    .action(() => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(words, { from: "user" })
    .opts();
}

const refused = (command: Command, words: readonly string[], message: RegExp): void =>
  assert.throws(() => optionsOf(command, words), message);

/** Picks what both forms have. */
const pick = (options: Record<string, unknown>, names: readonly string[]): unknown[] =>
  names.map((name) => options[name]);

describe("flags", () => {
  test("an MTU is a whole number that a TAP takes", () => {
    assert.deepEqual(["68", "1500", "65521"].map(parseMtu), [68, 1500, 65_521]);
    for (const text of ["", "67", "65522", "-1500", "1500.5", "big", "1500x", "NaN", "Infinity"]) {
      assert.throws(() => parseMtu(text), /68 to 65521/, text);
    }
  });

  test("a repeated flag is collected in order", () => {
    assert.deepEqual(collect("b", collect("a", undefined)), ["a", "b"]);
    const words = [
      "--listen",
      "unix:/a",
      "--listen",
      "tcp://127.0.0.1:1",
      "--tap",
      "t",
      "--address",
      "10.0.0.1/24",
      "--address",
      "fd00::1/64",
    ];
    const { listen, address } = optionsOf(serverCommand(), words);
    assert.deepEqual(
      [listen, address],
      [
        ["unix:/a", "tcp://127.0.0.1:1"],
        ["10.0.0.1/24", "fd00::1/64"],
      ],
    );
  });

  test("what is not said has its default", () => {
    assert.deepEqual(optionsOf(serverCommand(), ["--listen", "unix:/a"]), {
      listen: ["unix:/a"],
      broadcast: true,
      congestion: "auto",
      multicast: true,
      logFormat: "pretty",
      logLevel: "info",
    });
    assert.deepEqual(optionsOf(clientCommand(), ["ws://h/"]), {
      congestion: "auto",
      connections: "auto",
      pinRoute: true,
      verify: true,
      stateDir: "/var/lib/vpn-ws-client",
      protocol: "auto",
      logFormat: "pretty",
      logLevel: "info",
    });
  });

  test("what is missing, too much, misspelled or out of range is refused", () => {
    refused(serverCommand(), ["--listen", "unix:/a", "--auth", "magic"], /tokens, web-server or htpasswd=FILE/);
    refused(serverCommand(), ["--listen", "unix:/a", "--trusted-proxy", "10.0.0.0/33"], /a prefix such as/);
    refused(serverCommand(), ["--listen", "unix:/a", "extra"], /too many arguments/);
    refused(serverCommand(), ["--listen", "unix:/a", "--brigde"], /--bridge/);
    refused(serverCommand(), ["--listen", "unix:/a", "--mtu", "9"], /68 to 65521/);
    refused(legacyClientCommand(), ["vpn0", "ws://h/", "extra"], /too many arguments/);
    refused(clientCommand(), ["ws://h/", "--protocol", "v3"], /auto, v2, v1/);
    refused(clientCommand(), ["ws://h/", "--log-level", "loud"], /trace, debug/);
    for (const count of ["0", "9", "many"])
      refused(clientCommand(), ["ws://h/", "--connections", count], /from 1 to 8/);
    refused(legacyServerCommand(), [], /'address'/);
    refused(legacyClientCommand(), ["vpn0"], /'url'/);
  });

  test("the original's server flags mean what the new ones do", () => {
    const words = [
      "--exec",
      "true",
      "--bridge",
      "--no-broadcast",
      "--no-multicast",
      "--uid",
      "u",
      "--gid",
      "g",
      "--allow-anonymous",
    ];
    const names = ["exec", "bridge", "broadcast", "multicast", "uid", "gid", "allowAnonymous", "logFormat", "logLevel"];
    const legacy = optionsOf(legacyServerCommand(), [...words, "--tuntap", "vpn0", "/tmp/vpn.sock"]);
    const modern = optionsOf(serverCommand(), [...words, "--tap", "vpn0", "--listen", "unix:/tmp/vpn.sock"]);
    assert.deepEqual(pick(legacy, names), pick(modern, names));
    assert.deepEqual(pick(legacy, names), ["true", true, false, false, "u", "g", true, "pretty", "info"]);
    assert.equal(legacy.tuntap, modern.tap);
  });

  test("the original's client flags mean what the new ones do", () => {
    const words = ["--exec", "true", "--key", "k", "--crt", "c", "--no-verify", "--bridge"];
    const names = ["exec", "key", "crt", "verify", "bridge", "logFormat", "logLevel"];
    const legacy = optionsOf(legacyClientCommand(), [...words, "vpn0", "wss://h/"]);
    assert.deepEqual(pick(legacy, names), pick(optionsOf(clientCommand(), [...words, "wss://h/"]), names));
    assert.deepEqual(pick(legacy, names), ["true", "k", "c", false, true, "pretty", "info"]);
    assert.deepEqual(optionsOf(legacyServerCommand(), ["/tmp/s"]), {
      broadcast: true,
      multicast: true,
      logFormat: "pretty",
      logLevel: "info",
    });
  });
});
