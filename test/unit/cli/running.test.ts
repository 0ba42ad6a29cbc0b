/** Commands that run in this process: both forms of the server's, until a signal or a failure. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { ConfigError, DeviceError, PeerError } from "../../../src/base/errors.ts";
import { makeFailure } from "../../../src/base/failure.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { clientCommand } from "../../../src/cli/client-command.ts";
import { legacyClientCommand } from "../../../src/cli/legacy-client.ts";
import { legacyServerCommand } from "../../../src/cli/legacy-server.ts";
import { runToExit, runUntilSignal } from "../../../src/cli/process-life.ts";
import { serverCommand } from "../../../src/cli/server-command.ts";

const QUIET = ["--log-level", "silent"];
let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-running-"));
});
after(() => rmSync(directory, { recursive: true }));

/** Ends what runs by a signal of which only its own handlers hear, and leaves none of them behind. */
async function endBy(
  signal: "SIGTERM" | "SIGINT",
  run: () => Promise<unknown>,
  isReady: () => boolean = () => true,
): Promise<void> {
  const names = ["SIGTERM", "SIGINT"] as const;
  const before = names.map((name) => process.rawListeners(name));
  const added = (name: (typeof names)[number]) =>
    process.rawListeners(name).filter((listener) => !before[names.indexOf(name)]?.includes(listener));
  const running = run();
  await waitFor("the signal handlers", () => added(signal).length > 0 && isReady(), { pollMs: 5 });
  for (const handle of added(signal)) handle.call(process, signal);
  await running;
  for (const name of names) for (const handle of added(name)) process.off(name, handle as () => void);
}

async function isConfigError(running: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

describe("server command", () => {
  const forms = {
    new: (path: string, ...words: string[]) =>
      serverCommand().parseAsync([...QUIET, ...words, "--listen", `unix:${path}`], { from: "user" }),
    legacy: (path: string, ...words: string[]) =>
      legacyServerCommand().parseAsync([...QUIET, ...words, path], { from: "user" }),
  };
  for (const [form, run] of Object.entries(forms)) {
    test(`the ${form} form binds, runs --exec, then serves, until a signal`, async () => {
      const path = join(directory, `${form}.sock`);
      const mark = join(directory, `${form}.mark`);
      const isListening = (): boolean => existsSync(mark);
      await endBy("SIGTERM", () => run(path, "--exec", `test -S '${path}' && touch '${mark}'`), isListening);
      assert.ok(!existsSync(path));
    });

    test(`the ${form} form does not run --exec if an address is in use`, async () => {
      const path = join(directory, `${form}-taken.sock`);
      const mark = join(directory, `${form}-taken.mark`);
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(path, resolve));
      await isConfigError(run(path, "--exec", `touch '${mark}'`), "LISTEN_FAILED");
      assert.ok(!existsSync(mark));
      other.close();
    });

    test(`the ${form} form does not stay if --exec fails or the user is unknown`, async () => {
      const path = join(directory, `${form}-failed.sock`);
      await isConfigError(run(path, "--exec", "exit 3"), "EXEC_FAILED");
      await isConfigError(run(path, "--uid", "no-such-user"), "USER_UNKNOWN");
      assert.ok(!existsSync(path));
    });
  }

  test("a listener that strangers reach is refused in both forms", async () => {
    const listen = (url: string) => serverCommand().parseAsync([...QUIET, "--listen", url], { from: "user" });
    const legacy = (address: string) => legacyServerCommand().parseAsync([...QUIET, address], { from: "user" });
    for (const host of ["0.0.0.0", "[::]", "", "192.0.2.1"]) {
      await isConfigError(listen(`tcp://${host}:1`), "LISTENER_EXPOSED");
      await isConfigError(listen(`http://${host}:1`), "LISTENER_EXPOSED");
      await isConfigError(legacy(`${host}:1`), "LISTENER_EXPOSED");
    }
  });

  test("the original's form does not repeat what is a client's, and may hold a secret", async () => {
    for (const text of ["vpn-ws://h/TOP~SECRET", "wss://user:SECRET@h/", "ws://h/?token=SECRET", " VPN-WS:SECRET"]) {
      const running = legacyServerCommand().parseAsync([...QUIET, text], { from: "user" });
      await assert.rejects(running, (error: unknown) => {
        assert.ok(error instanceof ConfigError && error.code === "LISTEN_ADDRESS_INVALID");
        assert.doesNotMatch(`${error.message} ${error.hint}`, /SECRET/);
        assert.match(error.hint ?? "", /vpn-ws client/);
        return true;
      });
    }
  });

  test("TLS needs both files, and an address needs a TAP", async () => {
    const run = (...words: string[]) => serverCommand().parseAsync([...QUIET, ...words], { from: "user" });
    await isConfigError(run("--listen", "https://127.0.0.1:0", "--tls-key", "k"), "TLS_FILES_MISSING");
    await isConfigError(run("--listen", "unix:/x", "--tls-cert", "c"), "TLS_FILES_MISSING");
    await isConfigError(run("--listen", "unix:/x", "--address", "10.0.0.1/24"), "ADDRESS_WITHOUT_TAP");
    await isConfigError(run("--listen", "nowhere"), "LISTEN_ADDRESS_INVALID");
  });
});

describe("client command", () => {
  test("refuses half a key pair and a URL that is none, in both forms", async () => {
    const run = (...words: string[]) => clientCommand().parseAsync([...QUIET, ...words], { from: "user" });
    const legacy = (...words: string[]) => legacyClientCommand().parseAsync([...QUIET, ...words], { from: "user" });
    await isConfigError(run("wss://h/", "--key", "k"), "TLS_FILES_MISSING");
    await isConfigError(legacy("vpn0", "wss://h/", "--crt", "c"), "TLS_FILES_MISSING");
    await isConfigError(run("http://h/"), "SERVER_URL_INVALID");
    await isConfigError(legacy("vpn0", "h"), "SERVER_URL_INVALID");
    await isConfigError(run("wss://h/", "--ca", join(directory, "missing.pem")), "FILE_UNREADABLE");
  });
});

describe("process life", () => {
  /** Exit code and words of a command that throws. */
  async function endOf(error: unknown): Promise<{ readonly code: unknown; readonly words: string }> {
    const write = process.stderr.write;
    const before = process.exitCode;
    let words = "";
    process.stderr.write = (text: string | Uint8Array): boolean => {
      words += text.toString();
      return true;
    };
    try {
      await runToExit("vpn-ws", () => Promise.reject(error));
      return { code: process.exitCode, words };
    } finally {
      process.stderr.write = write;
      process.exitCode = before;
    }
  }

  test("an error becomes one sentence and an exit code that tells its kind, and no stack", async () => {
    const hint = { hint: "Try again." };
    assert.deepEqual(await endOf(new ConfigError("X", "wrong flag.", hint)), {
      code: 2,
      words: "vpn-ws: wrong flag.\n  Try again.\n",
    });
    assert.deepEqual(await endOf(new DeviceError("X", "TAP gone.")), { code: 1, words: "vpn-ws: TAP gone.\n" });
    assert.deepEqual(await endOf(new PeerError("X", "no.")), { code: 1, words: "vpn-ws: no.\n" });
    assert.deepEqual(await endOf(new TypeError("a fault of ours")), { code: 1, words: "vpn-ws: a fault of ours\n" });
  });

  test("stops in order on a signal, and when something failed, which is then reported", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      let stops = 0;
      await endBy(signal, () =>
        runUntilSignal(silentLogger, { stop: async () => void stops++ }, makeFailure().promise),
      );
      assert.equal(stops, 1);
    }
    const { promise, fail } = makeFailure();
    let stops = 0;
    const running = runUntilSignal(silentLogger, { stop: async () => void stops++ }, promise);
    fail(new DeviceError("TAP_GONE", "the TAP is gone."));
    await assert.rejects(running, /the TAP is gone/);
    assert.equal(stops, 1);
  });
});
