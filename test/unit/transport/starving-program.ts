/** A listener in a process of its own, which a test starts with few descriptors; prints its address. */
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { refuse } from "../../../src/transport/incoming.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { LISTENER_DEFAULTS, Listener } from "../../../src/transport/listener.ts";

const listener = new Listener(
  { clock: systemClock, log: silentLogger, peerUid: () => undefined },
  { ...LISTENER_DEFAULTS, tls: undefined, address: parseListenAddress("http://127.0.0.1:0") },
);
await listener.bind();
listener.open(({ socket }) => refuse(socket, 200, "served"));
process.stdout.write(`${listener.address}\n`);
