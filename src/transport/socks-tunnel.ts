import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SocksClient } from "socks";
import { PeerError } from "../base/errors.ts";
import type { Address, Destination } from "./happy-eyeballs.ts";
import { proxyFaultError, proxyLoginError, socksMethodError, socksReplyError } from "./proxy-error.ts";
import type { ForwardProxy } from "./way-out.ts";

/** RFC 1929, 2, and RFC 1928, 5: each length is one byte. */
const MAX_FIELD_BYTES = 255;
/** Replies after which another of the server's addresses may still do. */
const OF_ONE_ADDRESS =
  /- (?:Failure|NetworkUnreachable|HostUnreachable|ConnectionRefused|TTLExpired|AddressNotSupported)$/;

export interface SocksOptions {
  readonly proxy: ForwardProxy;
  readonly destination: Destination;
  /** For the whole of it, by whoever ends `open`'s socket. */
  readonly timeoutMs: number;
  /** A new connection to the proxy. */
  readonly open: () => Promise<Socket>;
  /** The destination's addresses, for a proxy that is not to look up names. */
  readonly resolve: () => Promise<readonly Address[]>;
}

/**
 * A connection through a SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929) if there are any. The proxy is
 * given the name (`socks5h`), or one of its addresses after the other. The socket is paused. Rejects with a PeerError.
 */
export async function tunnelBySocks(options: SocksOptions): Promise<Socket> {
  const { proxy, destination, resolve } = options;
  const hosts = proxy.kind === "socks5h" ? [destination.host] : (await resolve()).map(({ address }) => address);
  let last: unknown;
  for (const host of hosts) {
    try {
      return await handshake(options, { host, port: destination.port });
    } catch (error) {
      last = error;
      if (!(error instanceof Error) || !OF_ONE_ADDRESS.test(error.message)) break;
    }
  }
  throw socksError(proxy, `${destination.host}:${destination.port}`, last);
}

async function handshake({ proxy, timeoutMs, open }: SocksOptions, destination: Destination): Promise<Socket> {
  const { host, port, login } = proxy;
  const [userId, password] = login?.userAndPassword ?? [];
  for (const text of [destination.host, userId ?? "", password ?? ""]) {
    if (Buffer.byteLength(text) > MAX_FIELD_BYTES) {
      throw proxyFaultError(proxy, `SOCKS has room for names and passwords of ${MAX_FIELD_BYTES} bytes, not more.`);
    }
  }
  const socket = await open();
  await SocksClient.createConnection({
    command: "connect",
    destination: { ...destination },
    proxy: { host, port, type: 5, ...(userId === undefined ? {} : { userId, password: password ?? "" }) },
    existing_socket: socket,
    // Our own began before this one, and ends the socket. The package never cancels it: until then it keeps the socket and
    // the password, and a client whose server is down dials often.
    timeout: timeoutMs,
  });
  return pausedAgain(socket);
}

/** The package lets the socket flow a turn later, whether anybody listens or not: what comes by then is put back. */
async function pausedAgain(socket: Socket): Promise<Socket> {
  const early: Buffer[] = [];
  const keep = (chunk: Buffer): void => void early.push(chunk);
  socket.on("data", keep);
  await nextTurn();
  socket.off("data", keep).pause();
  if (early.length > 0) socket.unshift(Buffer.concat(early));
  return socket;
}

/** The package's error is never passed on, nor is it a cause: it carries the password in its options. */
function socksError(proxy: ForwardProxy, target: string, error: unknown): PeerError {
  if (error instanceof PeerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [, reply] = /^Socks5 proxy rejected connection - (\w+)$/.exec(message) ?? [];
  if (reply !== undefined) return socksReplyError(proxy, target, reply);
  if (message.includes("no accepted authentication type")) return socksMethodError(proxy);
  if (message.includes("Authentication failed")) return proxyLoginError(proxy);
  const isGone = message === "Socket closed";
  return proxyFaultError(proxy, isGone ? "it hung up without an answer." : `${message}.`);
}
