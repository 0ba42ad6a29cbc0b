import { ConfigError } from "../base/errors.ts";
import { parseNoProxy } from "../transport/no-proxy.ts";
import { ProxyLogin } from "../transport/proxy-login.ts";
import { parseProxyUrl } from "../transport/proxy-url.ts";
import { isLoopback } from "../transport/trusted-path.ts";
import type { ForwardProxy, WayOut } from "../transport/way-out.ts";
import { readFlagFile } from "./files.ts";

/** What a command line says about proxies. */
export interface ProxySettings {
  /** A URL, `none`, or undefined: as the environment says. May hold a password. */
  readonly proxy: string | undefined;
  /** File with one line `user:password`. */
  readonly proxyAuthFile: string | undefined;
}

const STRAIGHT = "none";

/**
 * The proxy for each server, as curl would choose it: the one given, else `https_proxy` for wss and `http_proxy` for ws,
 * else `all_proxy`, each in lower case before capitals, and an empty one means none. `no_proxy` excepts hosts from all of
 * them. Unlike curl's, a `ws:` server on this machine is never looked for behind a proxy: that it is on this machine is why
 * it is trusted without TLS. Throws a ConfigError for what cannot be read.
 */
export function findProxy(settings: ProxySettings, environment: NodeJS.ProcessEnv): WayOut["proxyFor"] {
  if (settings.proxy === STRAIGHT) return () => undefined;
  const login = readLogin(settings.proxyAuthFile);
  const { secure, plain } = choices(settings.proxy, environment, login);
  const isExcepted = parseNoProxy(environment.no_proxy ?? environment.NO_PROXY ?? "");
  return (url) => {
    if (isExcepted(url.host, url.port) || (!url.isSecure && isLoopback(url))) return undefined;
    return url.isSecure ? secure : plain;
  };
}

interface Choices {
  readonly secure: ForwardProxy | undefined;
  readonly plain: ForwardProxy | undefined;
}

function choices(given: string | undefined, environment: NodeJS.ProcessEnv, login: ProxyLogin | undefined): Choices {
  if (given !== undefined) {
    const proxy = parseProxyUrl(given, "--proxy", login);
    return { secure: proxy, plain: proxy };
  }
  const firstOf = (...names: readonly string[]): ForwardProxy | undefined => {
    const name = names.find((one) => environment[one] !== undefined) ?? "";
    const url = environment[name] ?? "";
    return url === "" ? undefined : parseProxyUrl(url, name, login);
  };
  return {
    secure: firstOf("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    plain: firstOf("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),
  };
}

function readLogin(path: string | undefined): ProxyLogin | undefined {
  if (path === undefined) return undefined;
  const line = readFlagFile("--proxy-auth-file", path)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (/^[^\r\n:]+:[^\r\n]*$/.test(line)) return ProxyLogin.parse(line);
  throw new ConfigError("CREDENTIALS_INVALID", `${path} does not hold one line of the form user:password.`);
}
