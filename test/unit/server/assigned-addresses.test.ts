import assert from "node:assert/strict";
import { test } from "node:test";
import { assignedAddresses } from "../../../src/server/assigned-addresses.ts";
import { MAX_ADDRESSES } from "../../../src/wire/control-message.ts";
import { type IpPrefix, parseIpAddress, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const prefixes = ["10.9.0.1/24", "fd00:9::1/64"].map((text) => parseIpPrefix(text) as IpPrefix);
const assigned = (...texts: readonly string[]): readonly string[] =>
  assignedAddresses(
    texts.map((text) => parseIpAddress(text) as Uint8Array),
    prefixes,
  );

test("an address comes with the length of the prefix that it is in", () => {
  assert.deepEqual(assigned("10.9.0.20", "fd00:9::20"), ["10.9.0.20/24", "fd00:9::20/64"]);
});

test("no more are given than a message may hold", () => {
  const many = Array.from({ length: 40 }, (_, index) => `10.9.0.${index + 2}`);
  assert.equal(assigned(...many).length, MAX_ADDRESSES);
});

test("an address in no prefix of the network comes alone", () => {
  assert.deepEqual(assigned("10.8.0.20", "fd00:8::20"), ["10.8.0.20/32", "fd00:8::20/128"]);
  assert.deepEqual(assigned(), []);
});
