import type { Socket } from "node:net";
import { connectFaultOf } from "../transport/connect-fault.ts";
import { serverName } from "../transport/server-url.ts";
import { startTls } from "../transport/tls-client.ts";
import { isLoopback } from "../transport/trusted-path.ts";
import { lookAtTls } from "./certificate.ts";
import { finding } from "./finding.ts";
import type { Ground, Step } from "./step.ts";
import { judgeTls } from "./tls-sentences.ts";
import { within } from "./within.ts";

const MENDS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: "The port does not speak TLS: use ws:// for a plain one, or the port that does.",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "The port does not speak TLS: use ws:// for a plain one, or the port that does.",
  EPROTO: "The port does not speak TLS as we do: use ws:// for a plain one, or the port that does.",
  ECONNRESET:
    "The connection is cut in the TLS handshake: a firewall that does not like the name, or a port for something else.",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "The server knows no TLS 1.2: it is too old.",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    "The server has no cipher that we take, or wants a client certificate: --crt and --key.",
};

/** TLS as the client makes it, with all that it shows. Nothing is sent to a server that the client would not trust. */
export const secure: Step<Socket, Socket> = async (ground, socket) => {
  const { clock, options, report, wallMs } = ground;
  const { url, tls, way } = options;
  if (!url.isSecure) {
    report(plainFinding(ground));
    return socket;
  }
  const name = way.serverName ?? serverName(url);
  const { ca, cert, key } = tls;
  try {
    const expected = { host: url.host, serverName: name, ca, cert, key, verify: false };
    const stream = await within(clock, options.timeoutMs, "no answer in time", startTls(socket, expected));
    const verdict = judgeTls(lookAtTls(stream), { name: name ?? url.host, tls, wallMs: wallMs() });
    report(verdict);
    if (verdict.level !== "fault") return stream;
    stream.destroy();
  } catch (error) {
    const { code, reason } = connectFaultOf(error instanceof Error ? error : new Error(String(error)));
    report(finding("tls", "fault", `TLS fails: ${reason}`, { mend: MENDS[code] ?? "", figures: { code } }));
    socket.destroy();
  }
  return undefined;
};

function plainFinding({ options: { url, credentials } }: Ground) {
  if (isLoopback(url)) return finding("tls", "good", "no TLS: the server is on this machine");
  const secret = credentials === undefined ? "" : ", and the credentials cross it in clear";
  const mend = "Use wss:// wherever the path is not your own: a proxy cannot meddle with it, either.";
  return finding("tls", "warning", `no TLS: whoever sits on the path can read and change everything${secret}`, {
    mend,
  });
}
