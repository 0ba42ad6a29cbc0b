import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  Icmpv6Type,
  isNeighbourDiscovery,
  isValidNeighbourMessage,
  LinkLayer,
  linkLayerOptions,
  ND_TARGET,
  neighbourOptions,
} from "../../../src/wire/neighbour-discovery.ts";

const HI = 0x0242;
const LO = 0x0a00000a;
const OWN = [0x02, 0x42, 0x0a, 0x00, 0x00, 0x0a];
const OTHERS = [0x02, 0x42, 0x0a, 0x00, 0x00, 0x0b];

/** A neighbour advertisement behind its IPv6 header. */
// biome-ignore format: one field a line
const ADVERTISEMENT = Uint8Array.from([
  0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a,       // version 6, 32 bytes of payload, next header ICMPv6
  0xff,                                           // hop limit 255
  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, // source
  0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,    // destination: all nodes
  0x88, 0x00, 0x12, 0x34,                         // type 136, code 0, checksum
  0x20, 0x00, 0x00, 0x00,                         // override
  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, // target address
  0x02, 0x01, ...OWN,                             // option: target link-layer address
]);
const MESSAGE = 40;

const optionsOf = (bytes: readonly number[]): LinkLayer =>
  linkLayerOptions(Uint8Array.from([0xaa, ...bytes, 0x02, 0x01, ...OTHERS]), 1, 1 + bytes.length, HI, LO);

describe("neighbour discovery", () => {
  test("its messages are ICMPv6 133 to 137", () => {
    const types = [0, 128, 132, 133, 134, 135, 136, 137, 138, 255].filter(isNeighbourDiscovery);
    assert.deepEqual(types, Object.values(Icmpv6Type));
  });

  test("target and options of an advertisement lie where RFC 4861 puts them", () => {
    assert.ok(isValidNeighbourMessage(ADVERTISEMENT, 0, MESSAGE, ADVERTISEMENT.length));
    assert.deepEqual([ADVERTISEMENT[MESSAGE + ND_TARGET], ADVERTISEMENT[MESSAGE + ND_TARGET + 15]], [0xfd, 0x0a]);
    const options = neighbourOptions(ADVERTISEMENT, MESSAGE);
    assert.equal(linkLayerOptions(ADVERTISEMENT, options, ADVERTISEMENT.length, HI, LO), LinkLayer.same);
    assert.equal(linkLayerOptions(ADVERTISEMENT, options, ADVERTISEMENT.length, HI, LO + 1), LinkLayer.other);
  });

  test("another hop limit, another code or too few bytes make it invalid", () => {
    const { length } = ADVERTISEMENT;
    assert.equal(isValidNeighbourMessage(ADVERTISEMENT.with(7, 254), 0, MESSAGE, length), false);
    assert.equal(isValidNeighbourMessage(ADVERTISEMENT.with(MESSAGE + 1, 1), 0, MESSAGE, length), false);
    assert.equal(isValidNeighbourMessage(ADVERTISEMENT, 0, MESSAGE, MESSAGE + 24), true);
    assert.equal(isValidNeighbourMessage(ADVERTISEMENT, 0, MESSAGE, MESSAGE + 23), false);
  });

  test("a router solicitation has no target: eight bytes, then options", () => {
    const solicitation = ADVERTISEMENT.with(MESSAGE, Icmpv6Type.routerSolicitation);
    assert.equal(isValidNeighbourMessage(solicitation, 0, MESSAGE, MESSAGE + 8), true);
    assert.equal(isValidNeighbourMessage(solicitation, 0, MESSAGE, MESSAGE + 7), false);
    assert.equal(neighbourOptions(solicitation, MESSAGE), MESSAGE + 8);
  });

  test("every link-layer option is compared, and nothing behind the end", () => {
    const nonce = [14, 2, ...new Array<number>(14).fill(7)];
    assert.equal(optionsOf([]), LinkLayer.absent);
    assert.equal(optionsOf(nonce), LinkLayer.absent);
    assert.equal(optionsOf([...nonce, 1, 1, ...OWN, 2, 1, ...OWN]), LinkLayer.same);
    assert.equal(optionsOf([1, 1, ...OWN, ...nonce, 2, 1, ...OTHERS]), LinkLayer.other);
  });

  test("an option of length zero, one that is cut off, and more than sixteen are malformed", () => {
    const empty = [14, 1, 0, 0, 0, 0, 0, 0];
    assert.equal(optionsOf([14, 0, 0, 0, 0, 0, 0, 0]), LinkLayer.malformed);
    assert.equal(optionsOf([2, 2, ...OWN]), LinkLayer.malformed);
    assert.equal(optionsOf([2, 1, ...OWN, 0]), LinkLayer.malformed);
    assert.equal(optionsOf(new Array(16).fill(empty).flat()), LinkLayer.absent);
    assert.equal(optionsOf(new Array(17).fill(empty).flat()), LinkLayer.malformed);
  });
});
