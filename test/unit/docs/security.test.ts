/** The limits of docs/SECURITY.md against the constants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLIENT_DEFAULTS } from "../../../src/client/client-options.ts";
import { SERVER_DEFAULTS } from "../../../src/server/server-options.ts";
import { SWITCH_DEFAULTS } from "../../../src/switch/switch.ts";
import { KEEPALIVE_DEFAULTS } from "../../../src/transport/keepalive.ts";
import { LISTENER_DEFAULTS } from "../../../src/transport/listener.ts";
import { MAX_CONTROL_TEXT_LENGTH } from "../../../src/wire/control-message.ts";
import { DEFAULT_HTTP_LIMITS } from "../../../src/wire/http.ts";
import { DEFAULT_UWSGI_LIMITS } from "../../../src/wire/uwsgi.ts";
import { MAX_SUPER_FRAME_HEADER_BYTES, MAX_UDP_SEGMENTS, MIN_TCP_GSO_BYTES } from "../../../src/wire/vnet-header.ts";
import { MAX_CONTROL_PAYLOAD_BYTES } from "../../../src/wire/websocket.ts";
import { readText, sectionOf, tableRows } from "./documents.ts";

/** The value of a constant that is its file's own: `const NAME = 1_000;`. */
function privateConstant(path: string, name: string): number {
  const match = new RegExp(`^const ${name} = ([\\d_]+);$`, "m").exec(readText(path));
  assert.ok(match?.[1] !== undefined, `${path} has no constant ${name}`);
  return Number(match[1].replaceAll("_", ""));
}

const { backoff, dialTimeoutMs } = CLIENT_DEFAULTS;

const LIMITS: Readonly<Record<string, number | string>> = {
  "HTTP head, bytes": DEFAULT_HTTP_LIMITS.maxHeadBytes,
  "HTTP headers": DEFAULT_HTTP_LIMITS.maxHeaders,
  "uwsgi packet, bytes": DEFAULT_UWSGI_LIMITS.maxBytes,
  "uwsgi variables": DEFAULT_UWSGI_LIMITS.maxVars,
  "handshake, ms": LISTENER_DEFAULTS.handshakeTimeoutMs,
  "connections in their handshake, per listener": LISTENER_DEFAULTS.maxPending,
  "time to read an answer that is no upgrade, ms": privateConstant("src/transport/incoming.ts", "LINGER_MS"),
  peers: SERVER_DEFAULTS.maxPeers,
  "message, bytes": SERVER_DEFAULTS.maxMessageBytes,
  "fragments of a message": privateConstant("src/wire/fragments.ts", "MAX_FRAGMENTS"),
  "control frame, bytes": MAX_CONTROL_PAYLOAD_BYTES,
  "control message, characters": MAX_CONTROL_TEXT_LENGTH,
  "words of a peer, characters": privateConstant("src/wire/control-message.ts", "MAX_PHRASE_LENGTH"),
  "queue of a connection, bytes": SERVER_DEFAULTS.maxQueuedBytes,
  "egress buffers of 256 KiB": privateConstant("src/transport/egress-pools.ts", "MAX_LARGE"),
  "egress buffers of 4 KiB": privateConstant("src/transport/egress-pools.ts", "MAX_SMALL"),
  "connections in the middle of a message": privateConstant("src/transport/receive-buffers.ts", "MAX_LENT"),
  "one write to a socket, ms": SERVER_DEFAULTS.stalledAfterMs,
  "a close, ms": SERVER_DEFAULTS.closeTimeoutMs,
  "silence of a v2 peer, ms": KEEPALIVE_DEFAULTS.deadAfterMs,
  "silence until TCP probes, ms": privateConstant("src/cli/tune-socket.ts", "KEEPALIVE_AFTER_MS"),
  "bytes that nobody acknowledges, ms": privateConstant("src/cli/tune-socket.ts", "USER_TIMEOUT_MS"),
  "addresses learned at one port": SWITCH_DEFAULTS.maxLearnedPerPort,
  "learned addresses": SWITCH_DEFAULTS.fdbCapacity,
  "ageing of a learned address, ms": SWITCH_DEFAULTS.agingMs,
  "payload of a TCP segment, bytes, at least": MIN_TCP_GSO_BYTES,
  "datagrams of a UDP super-frame": MAX_UDP_SEGMENTS,
  "headers of a super-frame, bytes": MAX_SUPER_FRAME_HEADER_BYTES,
  "a client's connect, and its upgrade, ms": dialTimeoutMs,
  "a client's first and longest wait, ms": `${backoff.firstMs}, ${backoff.maxMs}`,
};

test("docs/SECURITY.md names each limit with the value in the code, and no other", () => {
  const rows = tableRows(sectionOf(readText("docs/SECURITY.md"), "## Limits")).slice(1);
  const documented = Object.fromEntries(rows.map(([limit = "", value]) => [limit, value]));
  const expected = Object.fromEntries(Object.entries(LIMITS).map(([limit, value]) => [limit, String(value)]));
  assert.deepEqual(documented, expected);
});
