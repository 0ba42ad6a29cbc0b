import assert from "node:assert/strict";
import { test } from "node:test";
import { makerOf } from "../../../lab/namespace.ts";
import { parseLog } from "../../../lab/vpn.ts";

test("events are read from a JSON log, in order, past lines that are something else", () => {
  const log =
    '(node:1) Warning: x\n{"event":"server.ready","tap":"vpn0"}\n{"level":30}\n{"event":"peer.joined"}\n{"eve';
  assert.deepEqual(
    parseLog(log).map(({ event }) => event),
    ["server.ready", "peer.joined"],
  );
});

test("the maker of a namespace is told from its name, and other people's namespaces have none", () => {
  assert.equal(makerOf("vpnws-lab-4711-2-server"), 4711);
  assert.equal(makerOf("cni-4711-2-server"), undefined);
  assert.equal(makerOf("vpnws-lab-x-2-server"), undefined);
});
