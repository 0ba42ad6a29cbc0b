import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { test } from "node:test";
import { hasAddress } from "../../../src/client/local-address.ts";

test("an address is this machine's while an interface has it, however it is written", () => {
  const listed = ["192.0.2.7", "fe80::1", "2001:db8::7"].map((address) => ({ address }) as NetworkInterfaceInfo);
  const interfaces = { eth0: listed };
  for (const ours of ["192.0.2.7", "::ffff:192.0.2.7", "fe80::1%eth0", "2001:db8::7", "127.0.0.1", "127.8.8.8"]) {
    assert.ok(hasAddress(ours, interfaces), ours);
  }
  for (const gone of ["192.0.2.8", "::ffff:192.0.2.8", "fe80::2%eth0", "2001:db8::"]) {
    assert.ok(!hasAddress(gone, interfaces), gone);
  }
  assert.ok(hasAddress("127.0.0.1"));
});
