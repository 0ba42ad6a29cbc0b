import assert from "node:assert/strict";
import { test } from "node:test";
import { controlRefusal } from "../../../src/server/legacy-control-access.ts";
import type { Incoming } from "../../../src/transport/incoming.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const proxies = ["192.0.2.0/24", "2001:db8::1"].map((text) => parseIpPrefix(text) as IpPrefix);
const asked = (origin: Incoming["origin"]) => controlRefusal({ origin } as Incoming, proxies);

test("the control interface answers whoever may use a unix socket, and listed proxies", () => {
  assert.equal(asked({ kind: "unix", uid: 33 }), undefined);
  for (const address of ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"]) {
    assert.equal(asked({ kind: "tcp", address }), undefined, address);
  }
});

test("everybody else is refused, with words for the log", () => {
  for (const address of ["192.0.3.9", "127.0.0.1", "2001:db8::2", ""]) {
    const { status, reason, user, address: said } = asked({ kind: "tcp", address }) ?? {};
    assert.deepEqual([status, reason, user, said], [403, "no-control", undefined, address]);
  }
});
