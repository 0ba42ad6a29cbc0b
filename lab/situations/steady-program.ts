/**
 * One TCP connection that says something ten times a second and hears it again:
 *
 *   steady-program listen PORT            sends back what it gets
 *   steady-program connect PORT ADDRESS   writes "NUMBER TIME" (Unix milliseconds) for each number that came back
 *
 * The second ends with status 1 as soon as its connection does.
 */
import { connect, createServer } from "node:net";

const PERIOD_MS = 100;
const NUMBER_BYTES = 4;

const [mode, port, address] = process.argv.slice(2);
if (mode === "listen") createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(Number(port));
else talk(Number(port), address ?? "");

function talk(toPort: number, host: string): void {
  const socket = connect({ port: toPort, host, noDelay: true });
  let next = 0;
  let waiting = Buffer.alloc(0);
  socket.once("connect", () =>
    setInterval(() => {
      const bytes = Buffer.alloc(NUMBER_BYTES);
      bytes.writeUInt32BE(next++);
      socket.write(bytes);
    }, PERIOD_MS),
  );
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (; waiting.length >= NUMBER_BYTES; waiting = waiting.subarray(NUMBER_BYTES))
      console.log(`${waiting.readUInt32BE()} ${Date.now()}`);
  });
  socket.once("error", (error) => console.error(error.message));
  socket.once("close", () => process.exit(1));
}
