import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeAddressAssigner, objection } from "../../../src/cli/assigned-addresses.ts";
import { parseCidr } from "../../../src/device/cidr.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";
import { RecordingLog } from "../../recording-log.ts";

const LOCAL = ["192.168.1.7/24", "fd00:1::1/64", "127.0.0.1/8"].map((text) => parseIpPrefix(text) as IpPrefix);

describe("an address from the server", () => {
  for (const [text, reason] of [
    ["10.9.0.2/24", undefined],
    ["100.64.3.2/16", undefined],
    ["172.31.0.1/12", undefined],
    ["fd00:2::2/64", undefined],
    ["192.168.2.2/24", undefined],
    ["192.168.1.2/24", /in such a network already/],
    ["192.168.1.2/32", /in such a network already/],
    ["192.168.9.2/16", /in such a network already/],
    ["fd00:1::2/128", /in such a network already/],
    ["8.8.8.1/24", /no private address/],
    ["10.0.0.1/7", /no private address/],
    ["172.32.0.1/16", /no private address/],
    ["2001:db8::1/64", /no private address/],
    ["fe80::1/64", /no private address/],
    ["127.0.0.2/32", /no private address/],
    ["10.9.0.2/0", /no private address/],
  ] as const) {
    test(`${text} is ${reason === undefined ? "taken" : "left alone"}`, () => {
      const answer = objection(parseCidr(text), LOCAL);
      if (reason === undefined) assert.equal(answer, undefined);
      else assert.match(answer ?? "", reason);
    });
  }

  test("that cannot be set is told once, and ends nothing", () => {
    const log = new RecordingLog();
    const assign = makeAddressAssigner(log, "no-such-device");
    for (let connection = 0; connection < 2; connection++) assign(["8.8.8.8/24", "10.9.0.0/24", "10.254.253.2/30"]);
    assert.equal(log.of("client.address-refused").length, 3);
    assert.equal(log.lines.length, 3);
  });
});
