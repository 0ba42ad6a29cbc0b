/** `SOCKET HOST PORT`, run in a namespace: passes what comes to a unix socket on to a TCP port there, and back. */
import { connect, createServer, type Socket } from "node:net";

const [path, host = "", port] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, (outside) => {
  const inside = connect({ host, port: Number(port), allowHalfOpen: true });
  pass(outside, inside);
  pass(inside, outside);
}).listen(path, () => console.log("open"));

/** Ends are passed on as ends; a connection that breaks breaks the other one. */
function pass(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", (hadError) => {
    if (hadError) to.destroy();
  });
}
