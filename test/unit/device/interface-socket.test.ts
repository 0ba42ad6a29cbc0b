import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { PeerError } from "../../../src/base/errors.ts";
import { loadAddon } from "../../../src/device/addon.ts";
import { openInterfaceSocket } from "../../../src/device/interface-socket.ts";
import { socketDescriptor } from "../../../src/transport/socket-descriptor.ts";

const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

describe("a socket of an interface", () => {
  let server: Server;
  before(async () => {
    server = createServer((socket) => void socket.end("hello")).listen(0, "::");
    await once(server, "listening");
  });
  after(() => server.close());

  for (const [version, host] of [
    [4, "127.0.0.1"],
    [6, "::1"],
  ] as const) {
    test(`connects and reads over IPv${version}, bound to it`, async () => {
      const { port } = server.address() as AddressInfo;
      const socket = openInterfaceSocket("lo", version).connect({ host, port });
      await once(socket, "connect");
      const name = loadAddon().getSocketOptionText(socketDescriptor(socket) ?? -1, SOL_SOCKET, SO_BINDTODEVICE);
      assert.equal(name, "lo");
      assert.equal(String((await once(socket, "data"))[0]), "hello");
      await once(socket, "close");
    });
  }

  test("tells of a refusal as any socket does", async () => {
    const socket = openInterfaceSocket("lo", 4).connect({ host: "127.0.0.1", port: 1 });
    const [error] = await once(socket, "error");
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
  });

  test("is not made for an interface that is not there", () => {
    assert.throws(
      () => openInterfaceSocket("no-such0", 4),
      (error) => error instanceof PeerError && error.code === "INTERFACE_MISSING" && /ip link/.test(error.hint ?? ""),
    );
  });
});
