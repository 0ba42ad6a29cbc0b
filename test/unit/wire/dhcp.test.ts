import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  DHCP_CHADDR,
  DHCP_CIADDR,
  DHCP_YIADDR,
  DhcpMessage,
  DhcpOption,
  dhcpLeaseSeconds,
  dhcpMessageType,
  dhcpOptionAt,
  hasEthernetChaddr,
  hasReadableDhcpOptions,
  isDhcpReply,
  isDhcpv6Reply,
} from "../../../src/wire/dhcp.ts";
import { macHi, macLo } from "../../../src/wire/mac.ts";

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** An acknowledgement as dnsmasq sends it. */
// biome-ignore format: one field a line
const ACK = Uint8Array.from([
  0x02,                               // op: reply
  0x01, 0x06, 0x00,                   // Ethernet, 6 bytes, no hops
  0x3d, 0x1d, 0x5a, 0x7c,             // transaction id
  0x00, 0x00, 0x00, 0x00,             // seconds, flags
  0x0a, 0x00, 0x00, 0x09,             // ciaddr
  0x0a, 0x00, 0x00, 0x0a,             // yiaddr
  0x0a, 0x00, 0x00, 0x01,             // siaddr
  0x00, 0x00, 0x00, 0x00,             // giaddr
  0x02, 0x42, 0x0a, 0x00, 0x00, 0x0a, ...zeros(10), // chaddr
  ...zeros(64 + 128),                 // sname, file
  0x63, 0x82, 0x53, 0x63,             // magic cookie
  0x35, 0x01, 0x05,                   // message type: ACK
  0x00,                               // pad
  0x36, 0x04, 0x0a, 0x00, 0x00, 0x01, // server
  0x33, 0x04, 0x00, 0x01, 0x51, 0x80, // lease: 86400 s
  0xff,                               // end
]);
const OPTIONS = 240;
const withOptions = (options: readonly number[]): Uint8Array =>
  Uint8Array.from([...ACK.subarray(0, OPTIONS), ...options]);

describe("DHCP", () => {
  test("the fields lie where RFC 2131 puts them", () => {
    assert.ok(isDhcpReply(ACK, 0, ACK.length));
    assert.ok(hasEthernetChaddr(ACK, 0, ACK.length));
    assert.equal(ACK[DHCP_CIADDR + 3], 9);
    assert.equal(ACK[DHCP_YIADDR + 3], 10);
    assert.equal(macHi(ACK, DHCP_CHADDR), 0x0242);
    assert.equal(macLo(ACK, DHCP_CHADDR), 0x0a00000a);
    assert.equal(dhcpMessageType(ACK, 0, ACK.length), DhcpMessage.ack);
    assert.equal(dhcpLeaseSeconds(ACK, 0, ACK.length), 86_400);
    assert.equal(dhcpOptionAt(ACK, 0, ACK.length, DhcpOption.requestedAddress, 4), -1);
  });

  test("a lease for ever is the largest number", () => {
    const ever = withOptions([51, 4, 0xff, 0xff, 0xff, 0xff]);
    assert.equal(dhcpLeaseSeconds(ever, 0, ever.length), 0xffffffff);
  });

  test("options without the cookie, of another length, behind the end mark or cut off are not there", () => {
    const noCookie = ACK.with(239, 0);
    assert.equal(dhcpMessageType(noCookie, 0, noCookie.length), -1);
    const lists = [[], [53], [53, 1], [53, 2, 5, 5], [255, 53, 1, 5], [54, 9, 0], [...zeros(64), 53, 1, 5]];
    for (const options of lists) {
      const message = withOptions(options);
      assert.equal(dhcpMessageType(message, 0, message.length), -1, options.join());
    }
    for (let end = 0; end < OPTIONS + 3; end++) assert.equal(dhcpMessageType(ACK, 0, end), -1, `${end} bytes`);
  });

  test("options are readable if there is an end mark within the first 64", () => {
    assert.ok(hasReadableDhcpOptions(ACK, 0, ACK.length));
    for (const options of [[255], [255, 1], [53, 1, 5, 255], [...zeros(63), 255]]) {
      const message = withOptions(options);
      assert.ok(hasReadableDhcpOptions(message, 0, message.length), options.join());
    }
    for (const options of [[], [53], [53, 1, 255], [53, 9, 255], [53, 1, 5], [...zeros(64), 255]]) {
      const message = withOptions(options);
      assert.ok(!hasReadableDhcpOptions(message, 0, message.length), options.join());
    }
  });

  test("a client's address that is cut off or not an Ethernet one is none", () => {
    assert.equal(hasEthernetChaddr(ACK, 0, 34), true);
    assert.equal(hasEthernetChaddr(ACK, 0, 33), false);
    assert.equal(hasEthernetChaddr(ACK.with(1, 6), 0, ACK.length), false);
    assert.equal(hasEthernetChaddr(ACK.with(2, 16), 0, ACK.length), false);
    assert.equal(isDhcpReply(ACK, 5, 5), false);
  });

  test("what is behind the end is never looked at", () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, bytes, (options, behind) => {
        const message = withOptions([...options]);
        const longer = Uint8Array.from([...message, ...behind]);
        for (const read of [dhcpMessageType, dhcpLeaseSeconds]) {
          assert.equal(read(longer, 0, message.length), read(message, 0, message.length));
        }
      }),
    );
  });

  test("only servers and relays send these DHCPv6 messages down", () => {
    const types = Array.from({ length: 256 }, (_, type) => type);
    const replies = types.filter((type) => isDhcpv6Reply(Uint8Array.of(type), 0, 1));
    assert.deepEqual(replies, [2, 7, 10, 13]);
    assert.equal(isDhcpv6Reply(Uint8Array.of(7), 0, 0), false);
  });
});
