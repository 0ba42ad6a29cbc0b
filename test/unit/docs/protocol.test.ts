/** The examples of docs/PROTOCOL.md, decoded by the codecs that run. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { SentPings } from "../../../src/transport/sent-pings.ts";
import { parseControlMessage } from "../../../src/wire/control-message.ts";
import { echoReplyBytes, isEchoRequest, writeEchoReply } from "../../../src/wire/echo-frame.ts";
import { EtherType, etherTypeOf } from "../../../src/wire/ethernet.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { DEFAULT_HTTP_LIMITS, parseRequestHead, parseResponseHead } from "../../../src/wire/http.ts";
import {
  LOOP_PROBE_BYTES,
  loopProbeFields,
  loopProbeHasNonce,
  loopProbePortIndex,
  loopProbeSlot,
} from "../../../src/wire/loop-probe.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { acceptOpening, checkOpeningResponse, openingFromHttp, openingFromUwsgi } from "../../../src/wire/opening.ts";
import { Segmenter } from "../../../src/wire/segment.ts";
import { DEFAULT_UWSGI_LIMITS, decodeUwsgi, UwsgiModifier } from "../../../src/wire/uwsgi.ts";
import { isPlainVnetHeader, sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { type Dialect, WebSocketDecoder } from "../../../src/wire/websocket-decoder.ts";
import { codeOf, hexBytes, namedBlock, readText, sectionOf, tableRows } from "./documents.ts";

const protocol = readText("docs/PROTOCOL.md");
const hex = (name: string): Uint8Array => hexBytes(namedBlock(protocol, name));
const head = (name: string): Uint8Array =>
  Buffer.from(`${namedBlock(protocol, name).trimEnd().replaceAll("\n", "\r\n")}\r\n\r\n`);

interface Event {
  readonly kind: string;
  readonly payload: Uint8Array;
  readonly text: string;
  readonly code: number;
}

/** The one message in the bytes, as the given side receives it. */
function decode(bytes: Uint8Array, role: "server" | "client", dialect: Dialect): Event {
  const events: Event[] = [];
  const note = (kind: string, payload: Uint8Array, text = "", code = 0): void =>
    void events.push({ kind, payload: payload.slice(), text, code });
  const none = new Uint8Array(0);
  const decoder = new WebSocketDecoder(
    { role, dialect, maxMessageBytes: 67_584, mask: maskBytes },
    {
      onBinary: (all, start, end) => note("binary", all.subarray(start, end)),
      onText: (text) => note("text", none, text),
      onPing: (payload) => note("ping", payload),
      onPong: (payload) => note("pong", payload),
      onClose: (code, reason) => note("close", none, reason, code),
    },
  );
  assert.equal(decoder.decode(bytes, 0, bytes.length), bytes.length, "nothing is left over");
  assert.equal(decoder.fault, undefined);
  assert.equal(events.length, 1);
  return events[0] as Event;
}

describe("docs/PROTOCOL.md", () => {
  test("its request is taken as v2, and its answer is what that request is given", () => {
    const request = head("v2-request");
    const parsed = parseRequestHead(request, 0, request.length, DEFAULT_HTTP_LIMITS);
    assert.ok(parsed.state === "done");
    const opening = acceptOpening(openingFromHttp(parsed.head));
    assert.ok(opening.state === "accepted");
    assert.equal(opening.dialect, "v2");
    assert.equal(opening.mac, "02:00:00:00:00:02");
    const response = head("v2-answer");
    const answer = parseResponseHead(response, 0, response.length, DEFAULT_HTTP_LIMITS);
    assert.ok(answer.state === "done");
    const sent = opening.headers.map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual([...answer.head.headers], sent);
    const key = parsed.head.headers.get("sec-websocket-key") ?? "";
    assert.deepEqual(checkOpeningResponse(answer.head, key), { state: "accepted", dialect: "v2" });
  });

  test("its claim is a request for the session's second connection", () => {
    const request = head("v2-claim");
    const parsed = parseRequestHead(request, 0, request.length, DEFAULT_HTTP_LIMITS);
    assert.ok(parsed.state === "done");
    const opening = acceptOpening(openingFromHttp(parsed.head));
    assert.ok(opening.state === "accepted");
    const { session } = JSON.parse(namedBlock(protocol, "welcome"));
    assert.deepEqual(opening.session, { token: session.token, connection: 1 });
  });

  test("its echo frames are a request and the answer to it", () => {
    const request = hex("echo-request");
    assert.ok(isEchoRequest(request, 0, request.length));
    assert.equal(echoReplyBytes(request, 0), 1514);
    const reply = new Uint8Array(32);
    writeEchoReply(request, 0, request.length, reply);
    assert.deepEqual(Buffer.from(reply), Buffer.from(hex("echo-reply")));
  });

  test("its uwsgi packets say what their comments say", () => {
    const bytes = hex("uwsgi-request");
    const request = decodeUwsgi(bytes, 0, bytes.length, DEFAULT_UWSGI_LIMITS);
    assert.ok(request.state === "done");
    assert.equal(request.modifier1, UwsgiModifier.request);
    assert.equal(request.consumed, bytes.length);
    assert.equal(request.vars.get("REMOTE_USER"), "alice");
    assert.equal(openingFromUwsgi(request.vars).path, "/vpn");
    assert.equal(openingFromUwsgi(request.vars).header("x-vpn-ws-mac"), "02:00:00:00:00:02");
    const control = decodeUwsgi(hex("uwsgi-control"), 0, hex("uwsgi-control").length, DEFAULT_UWSGI_LIMITS);
    assert.ok(control.state === "done");
    assert.equal(control.modifier1, UwsgiModifier.control);
    assert.equal(control.vars.get("QUERY_STRING"), "kill=7");
  });

  test("its ordinary frames are one and the same in v1, in v2, and in v2 masked", () => {
    const bare = decode(hex("v1-frame"), "client", "v1").payload;
    assert.equal(bare.length, 42);
    assert.equal(etherTypeOf(bare, 0, bare.length), EtherType.arp);
    for (const message of [
      decode(hex("v2-frame"), "client", "v2").payload,
      decode(hex("v2-frame-masked"), "server", "v2").payload,
    ]) {
      assert.ok(isPlainVnetHeader(message, 0));
      assert.ok(sanitizeVnetHeader(message, 0, message.length));
      assert.deepEqual(message.slice(VNET_HEADER_BYTES), bare);
    }
  });

  test("its super-frame passes the check unchanged, and is cut into its two segments", () => {
    const message = decode(hex("v2-super-frame"), "client", "v2").payload;
    const before = message.slice();
    assert.ok(sanitizeVnetHeader(message, 0, message.length));
    assert.deepEqual(message, before);
    const segments: Uint8Array[] = [];
    const frame = new Frame(message).set(message, VNET_HEADER_BYTES, message.length, true);
    const sink = (bytes: Uint8Array, start: number, end: number): void => void segments.push(bytes.slice(start, end));
    assert.equal(new Segmenter({ headroom: 16 }).segment(frame, 1518, sink), Drop.none);
    assert.deepEqual(segments, [hex("v2-segment-0"), hex("v2-segment-1")]);
  });

  test("its ping, close and bye are what they are called", () => {
    const first = decode(hex("numbered-ping"), "client", "v2");
    assert.deepEqual([first.kind, new Uint8Array(first.payload)], ["ping", new Uint8Array(new SentPings().next(0))]);
    assert.equal(decode(hex("ping"), "server", "v1").kind, "ping");
    const close = decode(hex("close"), "client", "v2");
    assert.deepEqual([close.kind, close.code, close.text], ["close", 1001, "the server is shutting down"]);
    const bye = parseControlMessage(decode(hex("bye"), "client", "v2").text);
    assert.deepEqual(bye, { state: "message", message: { kind: "bye", reason: "done", message: "" } });
  });

  test("its control messages are taken, and nothing of them is lost", () => {
    for (const kind of ["hello", "welcome", "credential", "update", "quiet"]) {
      const text = namedBlock(protocol, kind);
      const result = parseControlMessage(text);
      assert.ok(result.state === "message");
      assert.deepEqual(result.message, JSON.parse(text));
      assert.equal(result.message.kind, kind);
    }
  });

  test("its table has every kind of control message, and no other", () => {
    const [, words = ""] =
      /const KINDS[^=]*= new Set\(\[([^\]]*)\]\)/.exec(readText("src/wire/control-message.ts")) ?? [];
    const kinds = [...words.matchAll(/"(\w+)"/g)].map(([, kind]) => kind);
    const rows = tableRows(sectionOf(protocol, "### 4.5 Control messages")).slice(1);
    const documented = rows.flatMap(([cell = ""]) => codeOf(cell));
    assert.deepEqual(documented.sort(), kinds.sort());
  });

  test("its loop probe is recognized, with the port and the slot that it says", () => {
    const probe = hex("loop-probe");
    assert.equal(probe.length, LOOP_PROBE_BYTES);
    const fields = loopProbeFields(probe, 0, probe.length);
    assert.equal(loopProbePortIndex(probe, fields), 3);
    assert.equal(loopProbeSlot(probe, fields), 1);
    assert.ok(loopProbeHasNonce(probe, fields, probe, 26));
  });
});
