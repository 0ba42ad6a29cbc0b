import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { DeviceError } from "../../../src/base/errors.ts";
import { loadAddon, loadFrom } from "../../../src/device/addon.ts";

test("the addon is loaded once", () => {
  assert.equal(loadAddon(), loadAddon());
});

test("where there is no addon, one sentence says what was tried, why it failed and what to do", () => {
  assert.throws(
    () => loadFrom(tmpdir()),
    (error) => {
      assert.ok(error instanceof DeviceError);
      assert.equal(error.code, "ADDON_MISSING");
      assert.match(error.message, new RegExp(`^The native addon could not be loaded from ${tmpdir()}: [^\n]+$`));
      assert.match(error.hint ?? "", /npm rebuild/);
      return true;
    },
  );
});

test("arguments of a wrong type or number are TypeErrors", () => {
  const addon = loadAddon();
  const wrong: readonly (() => unknown)[] = [
    () => Reflect.apply(addon.maskBytes, addon, []),
    () => Reflect.apply(addon.maskBytes, addon, ["text", 0, 1, 2]),
    () => Reflect.apply(addon.maskBytes, addon, [new Float64Array(8), 0, 1, 2]),
    () => Reflect.apply(addon.readLink, addon, [7]),
    () => Reflect.apply(addon.readLink, addon, ["a".repeat(16)]),
    () => Reflect.apply(addon.setLinkUp, addon, [1, "yes"]),
    () => Reflect.apply(addon.Tap, undefined, ["vpn0", true]),
    () => Reflect.apply(addon.Tap.prototype.close, {}, []),
    () => Reflect.construct(addon.Tap, ["vpn0"]),
  ];
  for (const call of wrong) assert.throws(call, TypeError, call.toString());
});
