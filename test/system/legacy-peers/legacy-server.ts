/**
 * A server that behaves as the original's does: `SOCKET [TAP] [bridge]`. It speaks uwsgi on a unix socket, gives up past
 * 64 variables, answers 101 without a subprotocol, ignores ping and pong, forwards by its own rules, and hangs for
 * good on a masked message over 65535 bytes (its loop counts bytes in 16 bits). Prints `listening` once it is.
 */
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { PlainTap } from "./plain-tap.ts";
import { encodeFrame, MessageReader } from "./section-one.ts";

const MAX_VARIABLES = 64;
const TAP_READ_BYTES = 8192;
const ZERO = "000000000000";
const BROADCAST = "ffffffffffff";

interface Port {
  mac: string | undefined;
  readonly bridge: boolean;
  /** MACs seen behind a bridge; they stay for ever. */
  readonly learned: Set<string>;
  write(frame: Buffer): void;
}

const [socketPath = "", tapName, role] = process.argv.slice(2);
const ports = new Set<Port>();

if (tapName !== undefined) {
  const tap = new PlainTap(tapName);
  const mac = tap.mac.replaceAll(":", "");
  const port = {
    mac,
    bridge: role === "bridge",
    learned: new Set<string>(),
    write: (frame: Buffer) => tap.write(frame),
  };
  ports.add(port);
  tap.start(TAP_READ_BYTES, (frame) => forward(port, frame));
}
createServer(serve).listen(socketPath, () => console.log("listening"));

function serve(socket: Socket): void {
  let bytes = Buffer.alloc(0);
  const onHandshake = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt16LE(1)) return;
    const end = 4 + bytes.readUInt16LE(1);
    const variables = readVariables(bytes.subarray(4, end));
    const key = variables?.get("HTTP_SEC_WEBSOCKET_KEY");
    socket.off("data", onHandshake);
    if (variables === undefined || key === undefined) socket.destroy();
    else join(socket, variables, key, bytes.subarray(end));
  };
  socket.on("data", onHandshake).on("error", () => {});
}

/** Undefined if there are more than the original has room for. */
function readVariables(bytes: Buffer): Map<string, string> | undefined {
  const variables = new Map<string, string>();
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + 2 + bytes.readUInt16LE(at);
    const valueEnd = keyEnd + 2 + bytes.readUInt16LE(keyEnd);
    variables.set(bytes.toString("latin1", at + 2, keyEnd), bytes.toString("latin1", keyEnd + 2, valueEnd));
    if (++count > MAX_VARIABLES) return undefined;
    at = valueEnd;
  }
  return variables;
}

function join(socket: Socket, variables: Map<string, string>, key: string, rest: Buffer): void {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...answer, `Sec-WebSocket-Accept: ${accept}`, "\r\n"].join("\r\n"));
  const port: Port = {
    mac: variables.get("HTTP_X_VPN_WS_MAC")?.replaceAll(":", "").toLowerCase(),
    bridge: variables.get("HTTP_X_VPN_WS_BRIDGE") === "on",
    learned: new Set(),
    write: (frame) => socket.write(encodeFrame(frame)),
  };
  ports.add(port);
  const reader = new MessageReader();
  const onBytes = (chunk: Buffer): void => {
    for (const { opcode, payload, masked } of reader.push(chunk)) {
      if (opcode > 2 && opcode !== 9 && opcode !== 10) socket.destroy();
      else if (masked && payload.length > 0xffff) hang();
      else if (opcode <= 2) forward(port, payload);
    }
  };
  socket.on("data", onBytes).on("close", () => ports.delete(port));
  if (rest.length > 0) onBytes(rest);
}

function hang(): never {
  console.log("hangs");
  for (;;);
}

function forward(from: Port, frame: Buffer): void {
  if (frame.length < 14) return;
  const to = frame.toString("hex", 0, 6);
  const source = frame.toString("hex", 6, 12);
  if (source === ZERO || source === BROADCAST) return;
  from.mac ??= source;
  if (source !== from.mac && !from.bridge) return;
  if (source !== from.mac) from.learned.add(source);
  if (to === ZERO || to === source) return;
  const others = [...ports].filter((port) => port !== from && port.mac !== undefined);
  for (const port of receivers(others, to)) port.write(frame);
}

function receivers(others: readonly Port[], to: string): readonly Port[] {
  if (to === BROADCAST || to.startsWith("01005e") || to.startsWith("3333")) return others;
  const known = others.find(({ mac }) => mac === to) ?? others.find(({ learned }) => learned.has(to));
  return known === undefined ? others.filter(({ bridge }) => bridge) : [known];
}
