import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KnownFronts } from "../../../src/cli/known-fronts.ts";
import { parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const proxy = [parseIpPrefix("192.0.2.0/24")].filter((prefix) => prefix !== undefined);

describe("the web servers in front of listeners", () => {
  test("are root, we ourselves and listed users, and nobody whom the kernel does not name", () => {
    const fronts = new KnownFronts({ trustedProxies: [], socketUsers: ["4711", "nobody-by-that-name"] });
    const self = process.geteuid?.() as number;
    assert.deepEqual([0, self, 4711, 4712, undefined].map(fronts.mayConnect), [true, true, true, false, false]);
  });

  test("are many clients at one address, as this machine is", () => {
    const fronts = new KnownFronts({ trustedProxies: proxy, socketUsers: [] });
    const addresses = ["192.0.2.7", "::ffff:192.0.2.7", "127.0.0.1", "::1", "198.51.100.7", ""];
    assert.deepEqual(addresses.map(fronts.isSharedAddress), [true, true, true, true, false, false]);
  });

  test("are those of the configuration that was put in force last", () => {
    const fronts = new KnownFronts({ trustedProxies: proxy, socketUsers: ["4711"] });
    const { mayConnect, isSharedAddress } = fronts;
    fronts.use({ trustedProxies: [], socketUsers: ["4712"] });
    assert.deepEqual([mayConnect(4711), mayConnect(4712), isSharedAddress("192.0.2.7")], [false, true, false]);
  });
});
