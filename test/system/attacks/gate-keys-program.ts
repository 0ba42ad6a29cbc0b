/** `FILE PORT`, run in a namespace: an issuer's key set over HTTP on loopback, as the file is at each request. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [file = "", port] = process.argv.slice(2);

createServer((_request, response) => response.end(readFileSync(file))).listen(Number(port), "127.0.0.1", () =>
  console.log("open"),
);
