/** `ORDER`, run in a namespace: keeps the connections that crowd.ts ordered, and reports as lines of JSON. */
import { connect, type Socket } from "node:net";
import { MessageReader } from "../legacy-peers/section-one.ts";
import { type CrowdOrder, EACH_MAC } from "./crowd.ts";

/** 4,000 connections a second: what is more overflows the backlog of a listener, and then all wait for the kernel. */
const TICK_MS = 10;
const CONNECTIONS_PER_TICK = 40;
/** Chosen here, because the kernel's search for a free one takes longer with each that is taken. */
const FIRST_PORT = 20_000;
const PORTS = 40_000;
/** Ports of a crowd before this one may not be free again so soon. */
const FIRST_TURN = process.pid * 997;
const REPORT_MS = 100;
const CLOSE = 8;
const HEAD_END = "\r\n\r\n";

const order = JSON.parse(process.argv[2] ?? "") as CrowdOrder;
const opening = Buffer.from(order.opening, "base64").toString("latin1");
const more = order.more && Buffer.from(order.more.bytes, "base64");
const report = {
  connected: 0,
  ended: 0,
  answers: {} as Record<string, number>,
  closeCodes: {} as Record<string, number>,
  failures: {} as Record<string, number>,
};
let turn = 0;
let open = 0;

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function fill(): void {
  for (let i = 0; i < CONNECTIONS_PER_TICK && open < order.atATime; i++) begin();
}

function begin(): void {
  const { host, port, sources } = order;
  const localAddress = sources[turn % sources.length] as string;
  const localPort = FIRST_PORT + ((FIRST_TURN + Math.floor(turn / sources.length)) % PORTS);
  turn++;
  open++;
  const socket = connect({ host, port, localAddress, localPort });
  socket.once("connect", () => {
    report.connected++;
    talk(socket);
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    count(report.failures, error.code ?? error.message);
  });
  socket.once("close", () => {
    open--;
    report.ended++;
  });
}

function talk(socket: Socket): void {
  socket.write(opening.replace(EACH_MAC, macOf(report.connected)), "latin1");
  if (order.isDeaf) socket.pause();
  else hear(socket);
  if (more === undefined) return;
  if (order.more?.everyMs === 0) pour(socket, more);
  else dribble(socket, more, order.more?.everyMs ?? 0);
}

function macOf(index: number): string {
  const digits = index.toString(16).padStart(4, "0");
  return `02:00:00:01:${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function pour(socket: Socket, bytes: Uint8Array): void {
  const next = (): void => {
    if (!socket.destroyed) socket.write(bytes, () => setImmediate(next));
  };
  next();
}

function dribble(socket: Socket, bytes: Uint8Array, everyMs: number): void {
  const timer = setInterval(() => socket.write(bytes), everyMs);
  socket.once("close", () => clearInterval(timer));
}

/** Counts the status of the answer as soon as it is there, and the code of a close frame. */
function hear(socket: Socket): void {
  const reader = new MessageReader();
  let head = "";
  let isWhole = false;
  socket.on("data", (chunk: Buffer) => {
    if (isWhole) {
      readClose(reader, chunk);
      return;
    }
    head += chunk.toString("latin1");
    const end = head.indexOf(HEAD_END);
    if (end < 0) return;
    isWhole = true;
    count(report.answers, head.slice(9, 12));
    if (order.leaves) socket.destroy();
    else readClose(reader, Buffer.from(head.slice(end + HEAD_END.length), "latin1"));
  });
  socket.once("close", () => {
    if (!isWhole) count(report.answers, "none");
  });
}

function readClose(reader: MessageReader, chunk: Buffer): void {
  const close = reader.push(chunk).find(({ opcode }) => opcode === CLOSE);
  if (close !== undefined) count(report.closeCodes, String(close.payload.readUInt16BE(0)));
}

setInterval(() => console.log(JSON.stringify(report)), REPORT_MS);
setInterval(fill, TICK_MS);
