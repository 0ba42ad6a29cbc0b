import assert from "node:assert/strict";
import { test } from "node:test";
import { lastingMac } from "../../../src/device/lasting-mac.ts";

const HERE = [() => "0123456789abcdef0123456789abcdef", () => "net:[4026531840]"];

test("a device has the same MAC each time, and another than other devices, machines and namespaces", () => {
  const mac = lastingMac("vpn0", HERE);
  assert.match(mac ?? "", /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/, "unicast, locally administered");
  assert.equal(lastingMac("vpn0", HERE), mac);
  const others = [
    lastingMac("vpn1", HERE),
    lastingMac("vpn0", [() => "fedcba9876543210fedcba9876543210", () => "net:[4026531840]"]),
    lastingMac("vpn0", [() => "0123456789abcdef0123456789abcdef", () => "net:[4026532000]"]),
  ];
  assert.equal(new Set([mac, ...others]).size, 4);
});

test("there is none where the machine cannot be told from others", () => {
  const unreadable = (): string => {
    throw new Error("no such file");
  };
  assert.equal(lastingMac("vpn0", [() => "", () => "net:[1]"]), undefined);
  assert.equal(lastingMac("vpn0", [unreadable, () => "net:[1]"]), undefined);
});
