/**
 * A client that behaves as the original's does: `TAP HOST PORT PATH READ_BYTES [bridge] [USER:PASSWORD]`. Its key has
 * 10 bytes, it names no WebSocket version and no origin, takes any 101, masks everything with one key, answers no
 * ping, sends an unmasked one after 17 s of silence, and reads at most READ_BYTES (the original: 1500) of a frame.
 * Prints `connected` once it is.
 */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { PlainTap } from "./plain-tap.ts";
import { BARE_PING, encodeFrame, MessageReader } from "./section-one.ts";

const SILENCE_MS = 17_000;
/** What the socket may hold back before the TAP has to wait; the original's writes block. */
const MAX_WAITING_BYTES = 256 * 1024;

const [tapName = "", host = "", port, path = "/", readBytes, role] = process.argv.slice(2);
const tap = new PlainTap(tapName);
const socket = connect({ host, port: Number(port) }).setNoDelay(true);
const reader = new MessageReader();
const maskKey = randomBytes(4);
let head = "";

socket.write(
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(10).toString("base64")}`,
    `X-vpn-ws-MAC: ${tap.mac}`,
    ...(role === "bridge" ? ["X-vpn-ws-bridge: on"] : []),
    "\r\n",
  ].join("\r\n"),
);
socket.on("data", onHead);
socket.on("close", () => process.exit(1));
socket.on("drain", () => tap.resume());

function onHead(chunk: Buffer): void {
  head += chunk.toString("latin1");
  const headEnd = head.indexOf("\r\n\r\n");
  if (headEnd < 0) return;
  if (!head.startsWith("HTTP/1.1 101")) throw new Error(`refused: ${head.slice(0, headEnd)}`);
  socket.off("data", onHead).on("data", onBytes);
  tap.start(Number(readBytes), send);
  console.log("connected");
  const rest = Buffer.from(head.slice(headEnd + 4), "latin1");
  if (rest.length > 0) onBytes(rest);
}

const silence = setTimeout(() => {
  socket.write(BARE_PING);
  silence.refresh();
}, SILENCE_MS);

function onBytes(chunk: Buffer): void {
  silence.refresh();
  for (const { opcode, payload } of reader.push(chunk)) {
    if (opcode === 8) process.exit(1);
    if (opcode <= 2) tap.write(payload);
  }
}

function send(frame: Buffer): void {
  silence.refresh();
  socket.write(encodeFrame(frame, maskKey));
  if (socket.writableLength > MAX_WAITING_BYTES) tap.pause();
}
