/**
 * The barest tunnel in Node: a TAP and one TCP socket with a 2-byte length before each frame. No WebSocket, no mask, no
 * switch; read and written by the fastest ways there are. What it takes longer than the floor in C is Node's own.
 *
 *     floor-node DEVICE listen PORT | floor-node DEVICE SERVER_IP PORT
 */
import { connect, createServer, type Socket } from "node:net";
import { loadAddon } from "../src/device/addon.ts";
import { ENTRY_WORDS } from "../src/device/write-batch.ts";
import { writeDirectly } from "../src/transport/direct-write.ts";
import { readIntoStaticBuffers } from "../src/transport/static-reads.ts";

const LENGTH_BYTES = 2;
const READ_BYTES = 1 << 20;
const READ_FRAMES = 64;

const [device = "", host = "", port = ""] = process.argv.slice(2);
const tap = new (loadAddon().Tap)(device, false);
if (host === "listen") createServer({ pauseOnConnect: true }, carry).listen(Number(port));
else {
  const socket = connect({ host, port: Number(port) }, () => carry(socket)).pause();
}

function carry(socket: Socket): void {
  socket.setNoDelay(true);
  const read = Buffer.alloc(READ_BYTES);
  const spans = new Uint32Array(2 * READ_FRAMES);
  tap.start(read, spans, LENGTH_BYTES, (count) => {
    for (let i = 0; i < count; i++) send(socket, read, spans[2 * i] as number, spans[2 * i + 1] as number);
  });
  const received = Buffer.alloc(READ_BYTES);
  let end = 0;
  readIntoStaticBuffers(socket, {
    room: () => received.subarray(end),
    arrived: (byteCount) => {
      end += byteCount;
      const start = deliver(received, end);
      received.copyWithin(0, start, end);
      end -= start;
    },
  });
  socket.resume();
}

function send(socket: Socket, bytes: Buffer, start: number, end: number): void {
  bytes.writeUInt16BE(end - start, start - LENGTH_BYTES);
  const message = bytes.subarray(start - LENGTH_BYTES, end);
  const taken = writeDirectly(socket, message);
  if (taken < message.length) socket.write(Buffer.from(message.subarray(taken)));
}

const entry = new Uint32Array(ENTRY_WORDS);

/** Writes the whole frames; returns where the rest begins. */
function deliver(bytes: Buffer, end: number): number {
  let at = 0;
  while (at + LENGTH_BYTES <= end && at + LENGTH_BYTES + bytes.readUInt16BE(at) <= end) {
    const start = at + LENGTH_BYTES;
    at = start + bytes.readUInt16BE(at);
    entry.set([start, at, 0]);
    tap.write(bytes, entry, 1);
  }
  return at;
}
