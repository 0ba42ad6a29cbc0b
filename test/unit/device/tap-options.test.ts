import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import { parseCidr } from "../../../src/device/cidr.ts";
import { TAP_DEFAULTS } from "../../../src/device/tap.ts";
import { checkTapOptions, type TapOptions } from "../../../src/device/tap-options.ts";
import type { Mac } from "../../../src/wire/mac.ts";

function refuses(options: Partial<TapOptions>, code: string): void {
  assert.throws(
    () => checkTapOptions({ ...TAP_DEFAULTS, ...options }),
    (error) => error instanceof ConfigError && error.code === code && error.hint !== undefined,
    JSON.stringify(options),
  );
}

function takes(options: Partial<TapOptions>): void {
  checkTapOptions({ ...TAP_DEFAULTS, ...options });
}

test("a name has at most 15 bytes, counted in UTF-8", () => {
  takes({ name: "a".repeat(15) });
  refuses({ name: "a".repeat(16) }, "TAP_NAME_TOO_LONG");
  refuses({ name: "ü".repeat(8) }, "TAP_NAME_TOO_LONG");
});

test("a name that the kernel would not take for a device is refused", () => {
  for (const name of ["", ".", "..", "a/b", "a b", "a\tb", "a:b", "a\0b", "%", "%s", "a%d%d"]) {
    refuses({ name }, "TAP_NAME_INVALID");
  }
  for (const name of ["vpn0", "vpn%d", "%d", "tap-0_x.y", "ü"]) takes({ name });
});

test("an MTU is a whole number that a TAP takes, and IPv6 lives with", () => {
  for (const mtu of [0, 67, 65522, -1, 1500.5, Number.NaN]) refuses({ mtu }, "MTU_INVALID");
  for (const mtu of [68, 1500, 65521]) takes({ mtu });
  refuses({ mtu: 1279, addresses: [parseCidr("fd00:77::1/64")] }, "MTU_INVALID");
  takes({ mtu: 1280, addresses: [parseCidr("fd00:77::1/64")] });
  takes({ mtu: 1279, addresses: [parseCidr("10.251.0.1/24")] });
});

test("a MAC of a group, or zero, is refused", () => {
  for (const mac of ["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"])
    refuses({ mac: mac as Mac }, "MAC_NOT_UNICAST");
  takes({ mac: "02:00:00:00:00:01" as Mac });
});

test("an address that another device has is refused, and one that the device itself has is not", () => {
  refuses({ addresses: [parseCidr("127.0.0.1/8")] }, "ADDRESS_IN_USE");
  takes({ name: "lo", addresses: [parseCidr("127.0.0.1/8")] });
});
