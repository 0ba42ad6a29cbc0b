/** What a ByteStream is given arrives whole and in order, whichever way each write takes to the kernel. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../lab/namespace.ts";
import { waitFor } from "../../lab/wait.ts";
import { ByteStream } from "../../src/transport/byte-stream.ts";
import { ReceiveBuffers } from "../../src/transport/receive-buffers.ts";
import { type Carrier, type CarrierFiles, joinSockets, makeCarrierFiles } from "./connection-pair.ts";

/** What may go past Node's stream, and what may not. */
const SMALL = [16_384, 1, 8, 114, 1_500, 9_000, 16_383];
const LARGE = [16_385, 70_000];
/** At first small ones only: else the kernel is always full in the middle of a large one. */
const WRITES = [...repeat(SMALL, 160), ...repeat([...SMALL, ...LARGE, ...SMALL], 80)];
const ALL_BYTES = WRITES.reduce((sum, size) => sum + size);
/** A piece is half of one. */
const WHOLE = new Set([...SMALL, ...LARGE].flatMap((size) => [size, size >> 1, size - (size >> 1)]));
/** Those of a small write that the kernel took nothing of: no piece is like them. */
const REFUSED = new Set([16_384, 16_383, 9_000, 1_500, 114]);

function repeat(sizes: readonly number[], times: number): number[] {
  return Array.from({ length: times }, () => sizes).flat();
}

const lab = new Lab();
let files: CarrierFiles;

before(async () => {
  files = await makeCarrierFiles(lab);
});
after(() => lab.close());

/** What went by the socket's own `write`: sizes of its arguments. */
function watchWrites(socket: Socket): number[] {
  const seen: number[] = [];
  const write = socket.write.bind(socket) as (bytes: Uint8Array, done?: () => void) => boolean;
  socket.write = ((bytes: Uint8Array, done?: () => void) => {
    seen.push(bytes.length);
    return write(bytes, done);
  }) as typeof socket.write;
  return seen;
}

/** Writes that leave one after the other; their bytes are overwritten as soon as they are free again. */
class Writer {
  readonly stream: ByteStream;
  readonly sent = createHash("sha256");
  readonly #bytes = Buffer.alloc(Math.max(...LARGE));
  #written = 0;

  constructor(socket: Socket) {
    const options = { maxMessageBytes: 1_000, head: Buffer.alloc(0) };
    this.stream = new ByteStream(socket, new ReceiveBuffers(), options);
    this.stream.start({ consume: (_bytes, start) => start, onDrained: () => this.goOn(), onClosed: () => {} });
  }

  get isDone(): boolean {
    return this.#written === WRITES.length && !this.stream.writing;
  }

  goOn(): void {
    while (this.#written < WRITES.length && !this.stream.writing) {
      const at = this.#written++;
      const bytes = this.#bytes.subarray(0, WRITES[at]).fill(at);
      this.sent.update(bytes);
      if (at % 5 > 0) this.stream.write(bytes);
      else this.stream.writePieces([bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]);
    }
  }
}

/** Reads a little at a time, so that the kernel's buffers are full again and again. */
async function readSlowly(socket: Socket, byteCount: number): Promise<string> {
  const received = createHash("sha256");
  let count = 0;
  socket.on("data", (chunk: Buffer) => {
    received.update(chunk);
    count += chunk.length;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  socket.resume();
  await waitFor(`${byteCount} bytes`, () => count >= byteCount, { pollMs: 2, evidence: () => `${count} came` });
  assert.equal(count, byteCount);
  return received.digest("hex");
}

for (const carrier of ["tcp", "unix", "tls"] as const satisfies readonly Carrier[])
  describe(`writes to a byte stream over ${carrier}`, () => {
    test("arrive whole and in order while the kernel takes all, a part, or none of each", async () => {
      const { client, server, close } = await joinSockets(carrier, files);
      try {
        const byNode = watchWrites(client);
        const writer = new Writer(client);
        writer.goOn();
        assert.equal(writer.isDone, false, "the kernel has no room for all of it");
        const received = await readSlowly(server, ALL_BYTES);
        await waitFor("the last write", () => writer.isDone, { pollMs: 2 });
        assert.equal(received, writer.sent.digest("hex"));
        assert.equal(writer.stream.takenBytes, ALL_BYTES);
        const byNodeBytes = byNode.reduce((sum, size) => sum + size);
        if (carrier === "tls") {
          assert.equal(byNodeBytes, ALL_BYTES, "whatever is not encrypted by Node is not encrypted");
        } else {
          assert.equal(writer.stream.bytesWritten, ALL_BYTES);
          assert.ok(byNodeBytes < ALL_BYTES, "some went past Node's stream");
          const refused = byNode.filter((size) => (carrier === "tcp" ? !WHOLE.has(size) : REFUSED.has(size)));
          assert.ok(refused.length > 0, "the kernel took a part of some; nothing, where it is a unix socket");
        }
      } finally {
        close();
      }
    });
  });
