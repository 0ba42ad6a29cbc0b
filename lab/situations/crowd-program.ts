/**
 * Many clients in one process, each with an address and a MAC of its own:
 *
 *   crowd-program HOST PORT CLIENTS
 *
 * Every 100 ms it writes "TIME DIALS UP": Unix milliseconds, attempts to connect since the last line, clients that are connected.
 */
import { systemClock } from "../../src/base/clock.ts";
import { nativeMask } from "../../src/device/native-mask.ts";
import { makeConnectionDeps } from "../../src/transport/connection-deps.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { CrowdClient } from "./crowd-client.ts";

const PERIOD_MS = 100;

/** Between the first dials of two clients: what is looked at is how they come back, or that they are there. */
const START_EACH_MS = 2;

/** The server takes no more than 256 connections from one address, and 64 at a time in their handshake. */
const CLIENTS_PER_ADDRESS = 8;

const [host = "", port = "0", count = "0"] = process.argv.slice(2);
const deps = makeConnectionDeps(systemClock, nativeMask(), () => {});
let dials = 0;
let up = 0;

function makeClient(index: number): CrowdClient {
  const address = Math.floor(index / CLIENTS_PER_ADDRESS);
  const digits = index.toString(16).padStart(4, "0");
  return new CrowdClient(deps, {
    host,
    port: Number(port),
    localAddress: `10.99.${address >> 8}.${address & 0xff}`,
    mac: `02:00:00:00:${digits.slice(0, 2)}:${digits.slice(2)}` as Mac,
    onDial: () => dials++,
    onUp: (isUp) => {
      up += isUp ? 1 : -1;
    },
  });
}

for (let index = 0; index < Number(count); index++) {
  const client = makeClient(index);
  setTimeout(() => client.start(), START_EACH_MS * index);
}

setInterval(() => {
  console.log(`${Date.now()} ${dials} ${up}`);
  dials = 0;
}, PERIOD_MS);
