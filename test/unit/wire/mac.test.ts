import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMac, macHi, macLo, macParts, parseMac } from "../../../src/wire/mac.ts";

test("a MAC is parsed with colons or dashes, in either case", () => {
  assert.equal(parseMac("02:AB:cd:00:10:fF"), "02:ab:cd:00:10:ff");
  assert.equal(parseMac("02-ab-CD-00-10-ff"), "02:ab:cd:00:10:ff");
});

test("text that is not six bytes with one kind of separator is no MAC", () => {
  const wrong = ["", "02:ab:cd:00:10", "02:ab:cd:00:10:ff:00", "02:ab:cd:00:10:fg", "2:ab:cd:0:10:ff", "02abcd0010ff"];
  for (const text of [...wrong, "02:ab-cd:00-10:ff", " 02:ab:cd:00:10:ff", "02:ab:cd:00:10:ff\n"]) {
    assert.equal(parseMac(text), undefined, JSON.stringify(text));
  }
});

test("a MAC is read from bytes as an unsigned 16-bit and a signed 32-bit integer", () => {
  const bytes = Uint8Array.from([0xaa, 0xff, 0x01, 0x80, 0x00, 0x00, 0x02, 0xaa]);
  assert.equal(macHi(bytes, 1), 0xff01);
  assert.equal(macLo(bytes, 1), 0x80000002 | 0);
});

test("the integers and the text of a MAC say the same", () => {
  for (const text of ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:01:80:00:00:02", "33:33:00:00:00:fb"]) {
    const mac = parseMac(text);
    assert.ok(mac);
    const { hi, lo } = macParts(mac);
    assert.equal(formatMac(hi, lo), text);
    const bytes = Uint8Array.from(text.split(":").map((digits) => Number.parseInt(digits, 16)));
    assert.deepEqual([macHi(bytes, 0), macLo(bytes, 0)], [hi, lo]);
  }
});
