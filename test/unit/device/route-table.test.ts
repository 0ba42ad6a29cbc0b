import assert from "node:assert/strict";
import { constants } from "node:os";
import { describe, test } from "node:test";
import { loadAddon } from "../../../src/device/addon.ts";
import { ROUTE_PROTOCOL } from "../../../src/device/route-choice.ts";
import { kernelRoutes } from "../../../src/device/route-table.ts";

const NO_BYTES = new Uint8Array(0);
const { EINVAL, EMSGSIZE } = constants.errno;

describe("the kernel's table of routes", () => {
  const table = kernelRoutes();

  test("is read for both IP versions, and each interface in it has a name", () => {
    for (const version of [4, 6] as const) {
      for (const { destination, index } of table.read(version)) {
        assert.equal(destination.version, version);
        if (index !== 0) assert.notEqual(table.linkName(index), "");
      }
    }
  });

  test("is read by protocol", () => {
    for (const { protocol } of table.read(4, ROUTE_PROTOCOL)) assert.equal(protocol, ROUTE_PROTOCOL);
  });

  test("knows interfaces by name and by number", () => {
    assert.equal(table.linkName(table.linkIndex("lo")), "lo");
    assert.equal(table.linkName(0x7fff_ffff), "");
    assert.equal(table.linkIndex("no-such-link"), 0);
  });

  test("is not read into less than a message's room, and takes no address of another length", () => {
    assert.throws(() => loadAddon().readRoutes(4, 0, new Uint8Array(100)), { errno: EMSGSIZE });
    const way = { gateway: NO_BYTES, source: NO_BYTES, index: 1, isOnlink: false };
    for (const bytes of [NO_BYTES, new Uint8Array(5), new Uint8Array(17)]) {
      assert.throws(() => table.put(bytes, way, 1, ROUTE_PROTOCOL), { errno: EINVAL });
      assert.throws(() => table.remove(bytes, 1, ROUTE_PROTOCOL), { errno: EINVAL });
    }
    const address = Uint8Array.of(203, 0, 113, 5);
    assert.throws(() => table.put(address, { ...way, gateway: new Uint8Array(3) }, 1, ROUTE_PROTOCOL), {
      errno: EINVAL,
    });
    assert.throws(() => table.put(address, { ...way, source: new Uint8Array(16) }, 1, ROUTE_PROTOCOL), {
      errno: EINVAL,
    });
  });
});
