import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { tunnelByHttp } from "./http-tunnel.ts";
import { proxyConnectError } from "./proxy-error.ts";
import { type ServerUrl, serverName } from "./server-url.ts";
import { tunnelBySocks } from "./socks-tunnel.ts";
import { addressesOf, connectTcp } from "./tcp-way.ts";
import { startTls } from "./tls-client.ts";
import type { ForwardProxy, WayOut } from "./way-out.ts";

export interface WayOptions {
  readonly url: ServerUrl;
  readonly way: WayOut;
  /** For each answer of a proxy. */
  readonly timeoutMs: number;
}

/**
 * A paused byte stream to the server, straight or through the proxy that is meant for it; `signal` destroys it at any
 * time. What a proxy does wrong is rejected as a PeerError, the rest as it comes.
 */
export function connectToServer(clock: Clock, options: WayOptions, signal: AbortSignal): Promise<Socket> {
  const { url, way, timeoutMs } = options;
  const proxy = way.proxyFor(url);
  if (proxy === undefined) return connectTcp(clock, url, way, signal);
  const open = (): Promise<Socket> => connectToProxy(clock, proxy, way, signal);
  if (proxy.kind === "http" || proxy.kind === "https") {
    const target = `${url.host.includes(":") ? `[${url.host}]` : url.host}:${url.port}`;
    return tunnelByHttp(clock, { proxy, target, timeoutMs, open });
  }
  return tunnelBySocks({
    proxy,
    destination: url,
    timeoutMs,
    open,
    resolve: () => addressesOf(url, { ...way, sourceAddress: undefined }),
  });
}

async function connectToProxy(clock: Clock, proxy: ForwardProxy, way: WayOut, signal: AbortSignal): Promise<Socket> {
  try {
    const socket = await connectTcp(clock, proxy, way, signal);
    if (proxy.kind !== "https") return socket;
    return await startTls(socket, { host: proxy.host, serverName: serverName(proxy), ca: way.proxyCa, verify: true });
  } catch (error) {
    throw error instanceof Error ? proxyConnectError(proxy, error) : error;
  }
}
