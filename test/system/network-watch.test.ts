/** What wakes a client: changes of addresses and routes, as the kernel tells them to an unprivileged process. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Child } from "../../lab/child.ts";
import { Lab, type Link, type Namespace } from "../../lab/namespace.ts";
import { programArgv } from "../../lab/program-argv.ts";
import { whyNoLab } from "../../lab/programs.ts";

const PROGRAM = fileURLToPath(new URL("network-watch-program.ts", import.meta.url));

/** Root, but with no capability. */
const UNPRIVILEGED = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];

const skip = await whyNoLab();

describe("network watch", { skip }, () => {
  let lab: Lab;
  let namespace: Namespace;
  let link: Link;
  let own: Link;
  let watch: Child;
  const changes = (): number => watch.stdout.split("changed\n").length - 1;
  /** The change, and that it is told; what comes at once is one. */
  const isTold = async (change: () => Promise<unknown>): Promise<void> => {
    const before = changes();
    await change();
    await watch.waitUntil("the change to be told", () => changes() > before);
  };

  before(async () => {
    lab = await Lab.open();
    namespace = await lab.namespace("watched");
    const other = await lab.namespace("other");
    link = await lab.link(namespace, other);
    own = await lab.link(namespace, other);
    watch = namespace.start([...UNPRIVILEGED, ...programArgv(PROGRAM, own.device[0])]);
    await watch.waitUntil("the watch", () => watch.stdout.includes("watching"));
  });

  after(() => lab?.close());

  test("tells of addresses and routes that come and go", async () => {
    const [device] = link.device;
    await isTold(() => namespace.ip("address", "add", "10.90.0.1/24", "dev", device));
    await isTold(() => namespace.ip("route", "add", "default", "via", "10.90.0.2"));
    await isTold(() => namespace.ip("route", "delete", "default"));
    await isTold(() => namespace.ip("-6", "route", "add", "default", "via", "fd90::1", "dev", device, "onlink"));
    await isTold(() => namespace.ip("address", "delete", "10.90.0.1/24", "dev", device));
  });

  test("tells of a link that goes down", async () => {
    await isTold(() => namespace.ip("link", "set", link.device[0], "down"));
  });

  test("says nothing of its own device, of routes to one host, and of what is as it was", async () => {
    const before = changes();
    await namespace.ip("address", "add", "10.91.0.1/24", "dev", own.device[0]);
    await namespace.ip("route", "add", "10.92.0.0/16", "dev", own.device[0]);
    await namespace.ip("route", "add", "192.0.2.7/32", "dev", own.device[0]);
    await namespace.ip("route", "replace", "10.92.0.0/16", "dev", own.device[0]);
    await namespace.ip("link", "set", own.device[0], "mtu", "1400");
    // A change that counts comes behind them, and is the only one that is told.
    await isTold(() => namespace.ip("link", "set", link.device[0], "up"));
    const told = changes() - before;
    assert.ok(told >= 1 && told <= 2, `told ${told} times`);
  });
});
