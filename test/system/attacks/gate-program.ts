/**
 * `SOCKET [UID]`, run in a namespace: passes what comes to a unix socket on to where its first line says, as JSON: a
 * path, or a host and port, from a local address. With UID it does so as that user.
 */
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";

const [path, uid] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, readDestination).listen(path, () => {
  if (uid !== undefined) become(Number(uid));
  console.log("open");
});

function become(user: number): void {
  process.setgroups?.([]);
  process.setgid?.(user);
  process.setuid?.(user);
}

function readDestination(outside: Socket): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\n");
    if (end < 0) return;
    outside.off("data", onData).pause();
    const rest = head.subarray(end + 1);
    if (rest.length > 0) outside.unshift(rest);
    const inside = connect({
      ...(JSON.parse(head.subarray(0, end).toString()) as NetConnectOpts),
      allowHalfOpen: true,
    });
    pass(outside, inside);
    pass(inside, outside);
  };
  outside.on("data", onData).on("error", () => outside.destroy());
}

/** Ends are passed on as ends; a connection that breaks breaks the other one. */
function pass(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", (hadError) => {
    if (hadError) to.destroy();
  });
}
