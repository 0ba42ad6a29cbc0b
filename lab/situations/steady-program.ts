/**
 * One TCP connection that says something ten times a second and hears it again:
 *
 *   steady-program listen PORT            sends back what it gets
 *   steady-program connect PORT ADDRESS   writes "SAID HEARD" (Unix milliseconds) for each word that came back
 *
 * The second ends with status 1 as soon as its connection does.
 */
import { connect, createServer } from "node:net";

const PERIOD_MS = 100;

/** The time when it was said. */
const WORD_BYTES = 8;

const [mode, port, address] = process.argv.slice(2);
if (mode === "listen") createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(Number(port));
else talk(Number(port), address ?? "");

function talk(toPort: number, host: string): void {
  const socket = connect({ port: toPort, host, noDelay: true });
  let waiting = Buffer.alloc(0);
  socket.once("connect", () =>
    setInterval(() => {
      const word = Buffer.alloc(WORD_BYTES);
      word.writeDoubleBE(Date.now());
      socket.write(word);
    }, PERIOD_MS),
  );
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (; waiting.length >= WORD_BYTES; waiting = waiting.subarray(WORD_BYTES))
      console.log(`${waiting.readDoubleBE()} ${Date.now()}`);
  });
  socket.once("error", (error) => console.error(error.message));
  socket.once("close", () => process.exit(1));
}
