/**
 * What is fuzzed: every decoder of src/wire that meets bytes of strangers. A target makes inputs that are nearly
 * right, and checks what must hold of any input at all.
 */
import assert from "node:assert/strict";
import { formatControlMessage, parseControlMessage } from "../src/wire/control-message.ts";
import {
  formatRequestHead,
  formatResponse,
  type HttpHeadResult,
  parseRequestHead,
  parseResponseHead,
} from "../src/wire/http.ts";
import { maskBytes } from "../src/wire/mask.ts";
import { acceptOpening, checkOpeningResponse, openingFromHttp, openingFromUwsgi } from "../src/wire/opening.ts";
import { encodeUtf8 } from "../src/wire/utf8.ts";
import { decodeUwsgi, encodeUwsgi } from "../src/wire/uwsgi.ts";
import { encodeClose, encodeMessage, Opcode, parseClose } from "../src/wire/websocket.ts";
import { cutAt, recordEvents } from "../test/unit/wire/recorded-events.ts";
import { checkPacket, packetInput } from "./fuzz-packet.ts";
import type { Random } from "./fuzz-random.ts";
import { checkVnetFrame, superFrameInput } from "./fuzz-super-frame.ts";

export interface FuzzTarget {
  readonly name: string;
  /** An input by the decoder's grammar. */
  make(random: Random): Uint8Array;
  /** Throws if the decoder fails on `input`; returns whether it was accepted. `random` depends on the input alone. */
  check(input: Uint8Array, random: Random): boolean;
}

const MAX_MESSAGE_BYTES = 2000;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const OPCODES = [Opcode.binary, Opcode.text, Opcode.continuation, Opcode.ping, Opcode.pong, Opcode.close] as const;
const HTTP_LIMITS = { maxHeadBytes: 600, maxHeaders: 12 };
const UWSGI_LIMITS = { maxBytes: 800, maxVars: 12 };

const HEADERS: readonly [[string, string], ...[string, string][]] = [
  ["Host", "vpn.example"],
  ["Upgrade", "websocket"],
  ["Connection", "keep-alive, Upgrade"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", KEY],
  ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
  ["Sec-WebSocket-Protocol", "vpn-ws.v2"],
  ["X-vpn-ws-MAC", "02:00:00:00:00:01"],
  ["X-vpn-ws-bridge", "on"],
  ["Content-Length", "0"],
  ["Authorization", "Basic dTpw"],
];

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: "websocket-server",
    make: (random) => webSocketInput(random, true),
    check: (...args) => checkWebSocket("server", ...args),
  },
  {
    name: "websocket-client",
    make: (random) => webSocketInput(random, false),
    check: (...args) => checkWebSocket("client", ...args),
  },
  { name: "close", make: (random) => encodeClose(1000 + random.below(20), "raison d'être"), check: checkClose },
  { name: "http-request", make: requestInput, check: checkRequest },
  { name: "http-response", make: responseInput, check: checkResponse },
  { name: "uwsgi", make: uwsgiInput, check: checkUwsgi },
  { name: "control-message", make: controlInput, check: checkControl },
  { name: "vnet-header", make: superFrameInput, check: checkVnetFrame },
  { name: "packet-headers", make: packetInput, check: checkPacket },
];

/** Some headers, most of them once. */
function headersOf(random: Random): [string, string][] {
  return HEADERS.filter(() => !random.oneIn(6)).concat(random.oneIn(8) ? [random.pick(HEADERS)] : []);
}

function webSocketInput(random: Random, masked: boolean): Uint8Array {
  const frames = random.several(7, () => {
    const opcode = random.pick(OPCODES);
    const length = random.oneIn(3) ? 100 + random.below(400) : random.below(20);
    const payload = opcode === Opcode.close ? encodeClose(1000, "bye") : new Uint8Array(length).fill(97);
    const frame = encodeMessage(opcode, payload, masked ? random.uint32() : undefined, maskBytes);
    if (opcode <= Opcode.binary && random.oneIn(3)) frame[0] = opcode;
    return frame;
  });
  return Uint8Array.from(Buffer.concat(frames));
}

/** However the stream is cut, the same is said of it, and no more is asked for than can be meant. */
function checkWebSocket(role: "server" | "client", input: Uint8Array, random: Random): boolean {
  const dialect = random.oneIn(2) ? "v1" : "v2";
  const options = { role, dialect, maxMessageBytes: MAX_MESSAGE_BYTES } as const;
  const whole = recordEvents([input.slice()], options);
  const cuts = random.several(10, () => random.below(input.length + 1));
  assert.deepEqual(recordEvents(cutAt(input, cuts), options), whole);
  assert.ok(whole.neededBytes <= MAX_MESSAGE_BYTES + 14);
  assert.ok(whole.neededBytes === 0 || whole.neededBytes > whole.leftBytes);
  return whole.fault === undefined;
}

function checkClose(input: Uint8Array): boolean {
  const result = parseClose(input);
  if (result.state === "fault") return false;
  if (input.length > 0 && input.length <= 125) assert.deepEqual(encodeClose(result.code, result.reason), input);
  return true;
}

function requestInput(random: Random): Uint8Array {
  const target = random.pick(["/", "/vpn?a=b", "http://vpn.example/x?y", "//", "/%00?%"]);
  return formatRequestHead(random.pick(["GET", "POST", "OPTIONS"]), target, headersOf(random));
}

function checkRequest(input: Uint8Array, random: Random): boolean {
  const result = parseRequestHead(input, 0, input.length, HTTP_LIMITS);
  checkSettled(result, input, random, (end) => parseRequestHead(input, 0, end, HTTP_LIMITS));
  if (result.state !== "done") return false;
  const opening = acceptOpening(openingFromHttp(result.head));
  // Whatever a stranger sent, the answer can be written.
  const answer =
    opening.state === "accepted"
      ? formatResponse(101, opening.headers)
      : formatResponse(opening.status, opening.headers, opening.message);
  return parseResponseHead(answer, 0, answer.length, HTTP_LIMITS).state === "done";
}

function responseInput(random: Random): Uint8Array {
  return formatResponse(random.pick([101, 101, 200, 401, 502]), headersOf(random));
}

function checkResponse(input: Uint8Array, random: Random): boolean {
  const result = parseResponseHead(input, 0, input.length, HTTP_LIMITS);
  checkSettled(result, input, random, (end) => parseResponseHead(input, 0, end, HTTP_LIMITS));
  if (result.state !== "done") return false;
  return checkOpeningResponse(result.head, KEY).state === "accepted";
}

/** A part of the input says "more", or finally what the whole says; a fault may have another message. */
function checkSettled(
  whole: HttpHeadResult<object>,
  input: Uint8Array,
  random: Random,
  parse: (end: number) => HttpHeadResult<object>,
): void {
  if (whole.state === "done") assert.ok(whole.consumed <= Math.min(input.length, HTTP_LIMITS.maxHeadBytes));
  const part = parse(random.below(input.length + 1));
  if (part.state === "done") assert.deepEqual(part, whole);
  if (part.state === "fault") assert.equal(whole.state, "fault");
}

function uwsgiInput(random: Random): Uint8Array {
  const headers = headersOf(random).map(([name, value]): [string, string] => [
    `HTTP_${name.toUpperCase().replaceAll("-", "_")}`,
    value,
  ]);
  return encodeUwsgi(random.below(2), [...headers, ["REQUEST_URI", "/vpn?a=é"], ["REMOTE_ADDR", "::1"]]);
}

function checkUwsgi(input: Uint8Array, random: Random): boolean {
  const result = decodeUwsgi(input, 0, input.length, UWSGI_LIMITS);
  const part = decodeUwsgi(input, 0, random.below(input.length + 1), UWSGI_LIMITS);
  if (part.state !== "more") assert.deepEqual(part, result);
  const amid = Uint8Array.from([...random.bytes(3), ...input, ...random.bytes(40)]);
  assert.deepEqual(decodeUwsgi(amid, 3, 3 + input.length, UWSGI_LIMITS), result, "only the given span counts");
  if (result.state !== "done") return false;
  assert.ok(
    result.consumed <= Math.min(input.length, UWSGI_LIMITS.maxBytes) && result.vars.size <= UWSGI_LIMITS.maxVars,
  );
  const opening = acceptOpening(openingFromUwsgi(result.vars));
  assert.ok(formatResponse(101, opening.headers).length > 0);
  return true;
}

function controlInput(random: Random): Uint8Array {
  const numbers = [0, 1, 68, 1500, 65_535, -1, 1e300, 2 ** 31, 0.5] as const;
  const kind = random.pick(["hello", "welcome", "update", "bye", "later", "__proto__"]);
  const [mtu, offloads] = [random.oneIn(3) ? random.pick(numbers) : 1500, random.oneIn(3) ? random.pick(numbers) : 7];
  const message = {
    kind,
    agent: "a",
    mtu,
    offloads,
    maxMessageBytes: 70_000,
    reason: "kicked",
    message: "é\n",
    retryAfterMs: 5,
  };
  return encodeUtf8(JSON.stringify(message));
}

function checkControl(input: Uint8Array): boolean {
  const result = parseControlMessage(Buffer.from(input).toString());
  if (result.state !== "message") return false;
  assert.deepEqual(parseControlMessage(formatControlMessage(result.message)), result);
  return true;
}
