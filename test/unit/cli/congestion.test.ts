import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { VpnError } from "../../../src/base/errors.ts";
import { Congestion, type ReadSetting } from "../../../src/cli/congestion.ts";
import { makeTuneSocket } from "../../../src/cli/tune-socket.ts";

const kernel: ReadSetting = (name) => (name === "tcp_available_congestion_control" ? "reno cubic" : "cubic");

/** Both ends of a connection to a listener that `congestion` has tuned. */
async function withConnection(
  congestion: Congestion,
  body: (accepted: Socket, dialed: Socket) => Promise<void> | void,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  congestion.tuneListener(server);
  const address = server.address();
  const dialed = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  try {
    await body(await waitFor("a connection", () => sockets[0], { pollMs: 1 }), dialed);
  } finally {
    dialed.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const nameOf = (socket: Socket, choice: string, read?: ReadSetting): string | undefined =>
  makeTuneSocket(new Congestion(choice, read))(socket)?.congestionControl;

describe("congestion control", () => {
  test("a name that the kernel does not have is refused with those that it has", () => {
    assert.throws(
      () => new Congestion("vegas", kernel),
      (error) =>
        error instanceof VpnError &&
        error.code === "CONGESTION_UNKNOWN" &&
        error.message.includes("it has: reno, cubic.") &&
        error.hint === "If its name is right, load it: modprobe tcp_vegas",
    );
    for (const name of ["cubic", "auto", "system"]) new Congestion(name, kernel);
  });

  test("accepted sockets inherit what is chosen from the listening one", () =>
    withConnection(new Congestion("reno"), (accepted) => assert.equal(nameOf(accepted, "system"), "reno")));

  test("a connected socket gets what is chosen", () =>
    withConnection(new Congestion("system"), (_accepted, dialed) => assert.equal(nameOf(dialed, "reno"), "reno")));

  test("auto is the system's on a path as short as this one, whatever the listener had", () =>
    withConnection(new Congestion("reno"), (accepted) => {
      const system: ReadSetting = () => "cubic";
      assert.equal(nameOf(accepted, "auto", system), "cubic");
    }));

  test("where the kernel refuses, what it has stays", () =>
    withConnection(new Congestion("reno"), (accepted) => {
      assert.equal(
        nameOf(accepted, "auto", () => "no-such-thing"),
        "reno",
      );
    }));
});
