/** When bytes may go to the kernel past Node's stream, and that nothing is thrown when they cannot. */
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../../lab/namespace.ts";
import { waitFor } from "../../../lab/wait.ts";
import { writeDirectly } from "../../../src/transport/direct-write.ts";
import { socketDescriptor } from "../../../src/transport/socket-descriptor.ts";
import { type CarrierFiles, joinSockets, makeCarrierFiles } from "../../contract/connection-pair.ts";

const BYTES = Buffer.from("twelve bytes");

describe("a direct write", () => {
  const lab = new Lab();
  let files: CarrierFiles;
  before(async () => {
    files = await makeCarrierFiles(lab);
  });
  after(() => lab.close());

  /** A connected pair; its other end reads nothing until it is told to. */
  async function withPair(body: (near: Socket, far: Socket) => Promise<void> | void): Promise<void> {
    const { client, server, close } = await joinSockets("unix", files);
    for (const socket of [client, server]) socket.on("error", () => {});
    try {
      await body(client, server);
    } finally {
      close();
    }
  }

  test("is there to be read, and Node has not seen it", () =>
    withPair(async (near, far) => {
      assert.equal(writeDirectly(near, BYTES), BYTES.length);
      assert.equal(near.bytesWritten, 0);
      const [chunk] = await new Promise<Buffer[]>((resolve) => far.once("data", (data) => resolve([data])).resume());
      assert.deepEqual(chunk, BYTES);
    }));

  test("of more than 16 KiB is left to Node", () =>
    withPair((near) => {
      assert.equal(writeDirectly(near, Buffer.alloc(16_385)), 0);
      assert.equal(writeDirectly(near, Buffer.alloc(16_384)), 16_384);
    }));

  test("does not overtake what waits in Node's stream", () =>
    withPair((near) => {
      near.cork();
      near.write(BYTES);
      assert.equal(writeDirectly(near, BYTES), 0);
      near.uncork();
      assert.equal(writeDirectly(near, BYTES), BYTES.length);
    }));

  test("takes what fits, and then nothing, where the other end does not read", () =>
    withPair((near) => {
      const bytes = Buffer.alloc(16_384);
      for (let writes = 0; writeDirectly(near, bytes) > 0; writes++) assert.ok(writes < 10_000, "a socket has an end");
      assert.equal(near.destroyed, false);
    }));

  test("is none after the socket's end, on a destroyed one, and on one whose other end has gone", async () => {
    await withPair((near) => {
      near.end();
      assert.equal(writeDirectly(near, BYTES), 0);
    });
    await withPair((near) => {
      near.destroy();
      assert.equal(socketDescriptor(near), undefined);
      assert.equal(writeDirectly(near, BYTES), 0);
    });
    await withPair(async (near, far) => {
      far.destroy();
      assert.notEqual(socketDescriptor(near), undefined);
      await waitFor("the kernel's refusal", () => writeDirectly(near, BYTES) === 0, { pollMs: 1 });
    });
  });

  test("is none on a socket that was never connected", () => {
    assert.equal(writeDirectly(new Socket(), BYTES), 0);
  });
});
