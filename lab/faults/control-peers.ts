/** What a server says of its peers by the control interface of the original, on a unix socket. */
import { connect } from "node:net";
import { encodeUwsgi, UwsgiModifier } from "../../src/wire/uwsgi.ts";

export interface ControlPeer {
  /** 0 for the server's own TAP. */
  readonly id: number;
  /** Upper case. */
  readonly MAC: string;
  readonly macs: readonly string[];
}

export async function readPeers(unixSocket: string): Promise<readonly ControlPeer[]> {
  const answer = await ask(unixSocket);
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  return (JSON.parse(body) as { readonly peers: readonly ControlPeer[] }).peers.filter(({ id }) => id !== 0);
}

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(path).setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.once("error", reject).once("end", () => resolve(answer));
    socket.write(encodeUwsgi(UwsgiModifier.control, []));
  });
}
