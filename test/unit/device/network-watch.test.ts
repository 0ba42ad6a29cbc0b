/** The life of a watch; what it tells is shown in namespaces by test/system/network-watch.test.ts. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { loadAddon } from "../../../src/device/addon.ts";
import { watchNetwork } from "../../../src/device/network-watch.ts";
import { HandClock } from "../../hand-clock.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** For a process or thread without our loader of TypeScript. */
const WATCHING = `
  const { NetlinkWatch } = require("node-gyp-build")(${JSON.stringify(PACKAGE_ROOT)});
  globalThis.watches = Array.from({ length: 10 }, () => new NetlinkWatch(() => {}));
`;

describe("network watch", () => {
  test("is closed once and for all", () => {
    const clock = new HandClock();
    const watch = watchNetwork(clock, "", () => {});
    watch.close();
    watch.close();
    assert.equal(clock.timers, 0);
  });

  test("does not keep the process alive", () => {
    const status = execFileSync(process.execPath, ["-e", `${WATCHING} console.log("watching")`], {
      cwd: PACKAGE_ROOT,
      encoding: "utf8",
      timeout: 10_000,
    });
    assert.equal(status, "watching\n");
  });

  test("ends with its thread, in whatever state it is", async () => {
    const worker = new Worker(
      `${WATCHING}
      globalThis.watches[0].close();
      require("node:worker_threads").parentPort.on("message", () => {}).postMessage("watching");`,
      { eval: true },
    );
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
  });

  test("takes a function and nothing else", () => {
    const { NetlinkWatch } = loadAddon();
    assert.throws(() => new NetlinkWatch(7 as never), { syscall: "watch" });
    assert.throws(() => Reflect.apply(NetlinkWatch, undefined, [() => {}]), TypeError);
    assert.throws(() => NetlinkWatch.prototype.close.call({}), TypeError);
  });
});
