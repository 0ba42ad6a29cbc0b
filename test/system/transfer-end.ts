/**
 * One end of a transfer, run in a namespace: `listen PORT BYTES` or `connect PORT BYTES ADDRESS`. Both ends send
 * BYTES of noise to each other over one TCP connection, at the same time, and print one line of JSON: the SHA-256 of
 * what they sent and of what they received. Noise, because a byte that moved must not look like its neighbour.
 */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

const CHUNK_BYTES = 64 * 1024;

const [role, port, bytes, address] = process.argv.slice(2);
const socket = role === "listen" ? await accept(Number(port)) : await dial(Number(port), address ?? "");
const [sent, received] = await Promise.all([sendNoise(socket, Number(bytes)), receive(socket)]);
console.log(JSON.stringify({ sent, ...received }));

async function accept(port: number): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true }).listen(port, "::");
  const [accepted] = (await once(server, "connection")) as [Socket];
  server.close();
  return accepted;
}

async function dial(port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** A key stream is noise that costs little to make. */
async function sendNoise(socket: Socket, byteCount: number): Promise<string> {
  const noise = createCipheriv("aes-128-ctr", randomBytes(16), randomBytes(16));
  const hash = createHash("sha256");
  const zeros = Buffer.alloc(CHUNK_BYTES);
  for (let left = byteCount; left > 0; left -= CHUNK_BYTES) {
    const chunk = noise.update(zeros.subarray(0, Math.min(left, CHUNK_BYTES)));
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, "drain");
  }
  socket.end();
  return hash.digest("hex");
}

async function receive(socket: Socket): Promise<{ received: string; receivedBytes: number }> {
  const hash = createHash("sha256");
  let receivedBytes = 0;
  socket.on("data", (chunk) => {
    hash.update(chunk);
    receivedBytes += chunk.length;
  });
  await once(socket, "end");
  return { received: hash.digest("hex"), receivedBytes };
}
