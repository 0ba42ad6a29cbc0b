import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type ListenOptions, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DeviceError } from "../../../src/base/errors.ts";
import { loadAddon } from "../../../src/device/addon.ts";
import {
  peerCredentials,
  setCongestionControl,
  setNotSentLowat,
  setReceiveBuffer,
  setSendBuffer,
  setUserTimeout,
} from "../../../src/device/socket-options.ts";
import { socketDescriptor } from "../../../src/transport/socket-descriptor.ts";

/** linux/in.h, netinet/tcp.h, asm-generic/socket.h */
const IPPROTO_TCP = 6;
const SOL_SOCKET = 1;

/** Runs `body` with a connected socket's descriptor. */
async function withSocket(where: ListenOptions, body: (fd: number, socket: Socket) => void): Promise<void> {
  const server = createServer((peer) => peer.on("error", () => {})).listen(where);
  await once(server, "listening");
  const address = server.address();
  const socket = typeof address === "string" ? connect(address) : connect(address?.port ?? 0, "127.0.0.1");
  try {
    await once(socket, "connect");
    body(socketDescriptor(socket) ?? -1, socket);
  } finally {
    socket.destroy();
    server.close();
    await once(server, "close");
  }
}

const tcp: ListenOptions = { port: 0, host: "127.0.0.1" };

test("TCP options are set as asked", () =>
  withSocket(tcp, (fd) => {
    const addon = loadAddon();
    setUserTimeout(fd, 12_345);
    setNotSentLowat(fd, 131_072);
    setCongestionControl(fd, "reno");
    assert.equal(addon.getSocketOption(fd, IPPROTO_TCP, 18), 12_345);
    assert.equal(addon.getSocketOption(fd, IPPROTO_TCP, 25), 131_072);
    assert.equal(addon.getSocketOptionText(fd, IPPROTO_TCP, 13), "reno");
  }));

test("socket buffers are set, and the kernel reserves twice as much", () =>
  withSocket(tcp, (fd) => {
    setSendBuffer(fd, 65_536);
    setReceiveBuffer(fd, 32_768);
    assert.equal(loadAddon().getSocketOption(fd, SOL_SOCKET, 7), 131_072);
    assert.equal(loadAddon().getSocketOption(fd, SOL_SOCKET, 8), 65_536);
  }));

test("the process at the other end of a unix socket is known", async () => {
  const folder = mkdtempSync(join(tmpdir(), "peer-"));
  try {
    await withSocket({ path: join(folder, "socket") }, (fd) => {
      const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
      assert.deepEqual(peerCredentials(fd), expected);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an option that the kernel refuses names itself", () =>
  withSocket(tcp, (fd) => {
    const refused = (option: string) => (error: unknown) =>
      error instanceof DeviceError && error.code === "SOCKET_OPTION_REFUSED" && error.message.includes(option);
    assert.throws(() => setCongestionControl(fd, "no-such"), refused("TCP_CONGESTION"));
    assert.throws(() => setUserTimeout(-1, 1), refused("TCP_USER_TIMEOUT"));
  }));
