import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../../../src/base/errors.ts";
import { parseCidr } from "../../../src/device/cidr.ts";

function refuses(text: string, code: string): void {
  assert.throws(
    () => parseCidr(text),
    (error) => error instanceof ConfigError && error.code === code && error.message.includes(text),
    text,
  );
}

test("an IPv4 address has four bytes, its prefix and its broadcast address", () => {
  const { address, bytes, prefixBits, broadcast } = parseCidr("10.9.1.2/20");
  assert.deepEqual(
    [address, [...bytes], prefixBits, [...broadcast]],
    ["10.9.1.2", [10, 9, 1, 2], 20, [10, 9, 15, 255]],
  );
});

test("an IPv6 address has sixteen bytes, no broadcast address, and is written canonically", () => {
  const { address, bytes, prefixBits, broadcast } = parseCidr("FD00:0:0::0001/64");
  assert.equal(address, "fd00::1");
  assert.equal(Buffer.from(bytes).toString("hex"), "fd000000000000000000000000000001");
  assert.deepEqual([prefixBits, broadcast.length], [64, 0]);
});

test("prefixes of 31 and 32 bits have no broadcast address, and every address is a host (RFC 3021)", () => {
  for (const text of ["10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32"]) assert.equal(parseCidr(text).broadcast.length, 0);
});

test("what is not an address with a prefix is refused", () => {
  const texts = [
    "",
    "/",
    "10.0.0.1",
    "10.0.0.1/",
    "10.0.0.1/33",
    "10.0.0.1/-1",
    "10.0.0.1/8/8",
    "10.1/8",
    "10.0.0.1/0x8",
  ];
  for (const text of [...texts, "10.0.0.256/8", "fd00::1/129", "fe80::1%eth0/64", "host/24"])
    refuses(text, "CIDR_INVALID");
});

test("what cannot be one host's address is refused", () => {
  const texts = [
    "10.9.0.0/24",
    "10.9.0.255/24",
    "0.0.0.0/0",
    "224.0.0.1/24",
    "255.255.255.255/32",
    "::/64",
    "ff02::1/64",
  ];
  for (const text of texts) refuses(text, "CIDR_NOT_A_HOST");
});

test("the broadcast address agrees with arithmetic on a 32-bit number", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 223 }),
      fc.nat(0xffffff),
      fc.integer({ min: 1, max: 30 }),
      (first, rest, prefix) => {
        const number = first * 2 ** 24 + rest;
        const size = 2 ** (32 - prefix);
        const network = Math.floor(number / size) * size;
        fc.pre(number !== network && number !== network + size - 1);
        const text = [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
        assert.equal(Buffer.from(parseCidr(`${text}/${prefix}`).broadcast).readUInt32BE(), network + size - 1);
      },
    ),
  );
});
