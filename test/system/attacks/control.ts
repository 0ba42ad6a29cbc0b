/** The server's control interface, as the original's scripts ask it: one uwsgi packet, one JSON answer. */
import { once } from "node:events";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { knock } from "../door.ts";

/** uwsgi modifier1 of the control interface. */
const CONTROL = 1;

/** A peer, of what the interface says of it. */
export interface ControlledPort {
  readonly REMOTE_USER: string;
  /** Learned behind it, its own not among them. */
  readonly macs: readonly string[];
}

/** Every attachment of the server that has this unix socket. */
export async function portsOf(socketPath: string): Promise<readonly ControlledPort[]> {
  const socket = knock(socketPath);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.write(encodeUwsgi(CONTROL, []));
  await once(socket, "end");
  socket.destroy();
  const body = JSON.parse(text.slice(text.indexOf("\r\n\r\n"))) as { readonly peers: readonly ControlledPort[] };
  return body.peers;
}
