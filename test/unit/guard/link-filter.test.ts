import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { LinkFilter, LLC } from "../../../src/guard/link-filter.ts";
import { ethernetFrame, headersOf, ipFrame } from "./packet-frames.ts";

const BPDU = ethernetFrame(0x0026, new Array<number>(46).fill(0));

function judge(filter: LinkFilter, frame: Uint8Array): number {
  return filter.judge(headersOf(frame));
}

test("without lists everything passes, even what is cut short", () => {
  const filter = new LinkFilter(undefined, undefined);
  for (const frame of [ipFrame({ tags: [5, 6] }), BPDU, new Uint8Array(3)]) {
    assert.equal(judge(filter, frame), Drop.none);
  }
});

test("only listed ethertypes pass, also behind VLAN tags", () => {
  const filter = new LinkFilter([0x0800, 0xffff], undefined);
  for (const tags of [[], [5], [5, 6]]) {
    assert.equal(judge(filter, ipFrame({ tags })), Drop.none);
    assert.equal(judge(filter, ethernetFrame(0xffff, [], tags)), Drop.none);
    assert.equal(judge(filter, ethernetFrame(0x0801, [], tags)), Drop.ethertypeDenied);
    assert.equal(judge(filter, ethernetFrame(0x0806, [], tags)), Drop.ethertypeDenied);
  }
});

test("frames with a length instead of an ethertype are listed as 0, whatever their length", () => {
  const lengths = [0x0000, 0x0026, 0x05dc, 0x05ff];
  for (const length of lengths) {
    assert.equal(judge(new LinkFilter([LLC], undefined), ethernetFrame(length, [])), Drop.none);
    assert.equal(judge(new LinkFilter([0x0800, 0x0026], undefined), ethernetFrame(length, [])), Drop.ethertypeDenied);
  }
  assert.equal(judge(new LinkFilter([LLC], undefined), ethernetFrame(0x0600, [])), Drop.ethertypeDenied);
});

test("an empty list allows nothing", () => {
  assert.equal(judge(new LinkFilter([], undefined), ipFrame({})), Drop.ethertypeDenied);
  assert.equal(judge(new LinkFilter(undefined, []), ipFrame({})), Drop.vlanDenied);
});

test("of two tags the outer VLAN counts, and 0 is for untagged frames", () => {
  const filter = new LinkFilter(undefined, [0, 7, 4095]);
  for (const tags of [[], [7], [7, 8], [0x7007], [4095]]) assert.equal(judge(filter, ipFrame({ tags })), Drop.none);
  for (const tags of [[8], [8, 7], [6], [4094]]) assert.equal(judge(filter, ipFrame({ tags })), Drop.vlanDenied);
});

test("a priority tag in front hides no VLAN", () => {
  const filter = new LinkFilter(undefined, [0]);
  assert.equal(judge(filter, ipFrame({ tags: [0xe000] })), Drop.none);
  assert.equal(judge(filter, ipFrame({ tags: [0, 8] })), Drop.vlanDenied);
});

test("what cannot be seen is in no list: a third tag, even if its ethertype is listed, and a frame cut short", () => {
  const tripled = ipFrame({ tags: [0, 0, 8] });
  for (const frame of [tripled, ipFrame({ tags: [7] }).subarray(0, 16), new Uint8Array(13)]) {
    assert.equal(judge(new LinkFilter(undefined, [0, 7, 8]), frame), Drop.vlanDenied);
    assert.equal(judge(new LinkFilter([LLC, 0x0800, 0x8100], undefined), frame), Drop.ethertypeDenied);
  }
});
