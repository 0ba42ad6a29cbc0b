import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { AGENT } from "../base/version.ts";
import { formatRequestHead, type HeaderList, hasToken, type ResponseHead } from "../wire/http.ts";
import { parseChallenges } from "../wire/http-challenge.ts";
import { proxyFaultError, proxyLateError, proxyLoginError, proxySchemeError, proxyStatusError } from "./proxy-error.ts";
import { readBody } from "./read-body.ts";
import { readHead } from "./read-head.ts";
import { readRefusalSentence } from "./refusal-sentence.ts";
import { RESPONSE_FORMAT } from "./response-format.ts";
import type { ForwardProxy } from "./way-out.ts";

/** A page that says "log in" is shorter; what is longer costs a new connection. */
const MAX_SKIPPED_BYTES = 65_536;

export interface TunnelOptions {
  readonly proxy: ForwardProxy;
  /** `host:port` of the server, an IPv6 address in brackets. */
  readonly target: string;
  /** For each answer. */
  readonly timeoutMs: number;
  /** A new connection to the proxy. */
  readonly open: () => Promise<Socket>;
}

interface Answer {
  readonly head: ResponseHead;
  readonly rest: Buffer;
}

/**
 * A tunnel by CONNECT (RFC 9110, 9.3.6): the socket is paused, and what it gives is the server's. Asked for a login, it
 * answers once; a second time only if the proxy says that nothing but the nonce was too old. The connection is used
 * again if the proxy leaves it open. Rejects with a PeerError.
 */
export async function tunnelByHttp(clock: Clock, options: TunnelOptions): Promise<Socket> {
  const { proxy, target, open } = options;
  let socket = await open();
  for (let answered = 0; ; answered++) {
    const answer = await ask(clock, socket, options);
    const { head, rest } = answer;
    if (head.status >= 200 && head.status < 300) return pushBack(socket, rest);
    if (head.status !== 407 || proxy.login === undefined) {
      throw proxyStatusError(proxy, target, head, await readRefusalSentence(clock, socket, head, rest));
    }
    const challenges = parseChallenges(head.headers.get("proxy-authenticate") ?? "");
    const verdict = proxy.login.take(challenges);
    if (verdict === "unsupported") {
      const schemes = challenges.map(({ scheme }) => scheme);
      throw proxySchemeError(proxy, schemes);
    }
    if (answered > 1 || (answered === 1 && verdict !== "stale")) {
      proxy.login.forget();
      throw proxyLoginError(proxy);
    }
    socket = (await isReusable(clock, socket, answer)) ? socket : await another(socket, open);
  }
}

function ask(clock: Clock, socket: Socket, { proxy, target, timeoutMs }: TunnelOptions): Promise<Answer> {
  const login = proxy.login?.answer("CONNECT", target);
  const headers: HeaderList = [
    ["Host", target],
    ["User-Agent", AGENT],
    ["Proxy-Connection", "keep-alive"],
    ...(login === undefined ? [] : [["Proxy-Authorization", login] as const]),
  ];
  socket.write(formatRequestHead("CONNECT", target, headers));
  return new Promise((resolve, reject) => {
    readHead(clock, socket, { timeoutMs, format: RESPONSE_FORMAT }, (outcome) => {
      if (outcome.state === "done") return resolve(outcome);
      if (outcome.state === "late") return reject(proxyLateError(proxy, timeoutMs));
      const what = outcome.state === "gone" ? "it hung up without an answer" : outcome.message;
      reject(proxyFaultError(proxy, `${what}.`));
    });
  });
}

/** Whether the connection stays open behind this answer, whose body is then read away. */
async function isReusable(clock: Clock, socket: Socket, { head, rest }: Answer): Promise<boolean> {
  const { version, headers } = head;
  const length = headers.get("content-length") ?? "";
  const connection = headers.get("connection") ?? headers.get("proxy-connection");
  const isKept = version === "1.1" ? !hasToken(connection, "close") : hasToken(connection, "keep-alive");
  if (!isKept || headers.has("transfer-encoding") || !/^\d{1,6}$/.test(length)) return false;
  const byteCount = Number(length);
  if (byteCount > MAX_SKIPPED_BYTES || rest.length > byteCount) return false;
  const body = await readBody(clock, socket, rest, byteCount);
  return body.length === byteCount && !socket.destroyed && socket.writable;
}

function another(socket: Socket, open: () => Promise<Socket>): Promise<Socket> {
  socket.destroy();
  return open();
}

/** A server that speaks first is heard, too. */
function pushBack(socket: Socket, rest: Buffer): Socket {
  if (rest.length > 0) socket.unshift(rest);
  return socket;
}
