import { ConfigError } from "../base/errors.ts";
import { ProxyLogin } from "./proxy-login.ts";
import type { ForwardProxy } from "./way-out.ts";

/** As curl has them: 1080 for every kind but a proxy over TLS. */
const DEFAULT_PORTS = { http: 1080, https: 443, socks5: 1080, socks5h: 1080 } as const;
const HINT = "Examples: http://proxy.example.com:3128, https://proxy.example.com, socks5h://127.0.0.1:1080, or none.";

/**
 * Parses `[scheme://][user:password@]host[:port]`; without a scheme it is http, as in curl. `source` is the flag, key or
 * variable that it comes from. A ConfigError never repeats the credentials.
 */
export function parseProxyUrl(text: string, source: string, login?: ProxyLogin): ForwardProxy {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const [, scheme = "", rest = ""] = /^([^:]*):\/\/([\s\S]*)$/.exec(full) ?? [];
  const kind = kindOf(scheme, source);
  // With a scheme that URL knows, so that it reads the host as one: names in lower case, addresses checked.
  const address = `ws://${rest}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.hostname === "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new ConfigError("PROXY_URL_INVALID", `${source} is no URL of a proxy.`, { hint: HINT });
  }
  const port = portOf(rest) ?? DEFAULT_PORTS[kind];
  return Object.freeze({
    kind,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    login: login ?? loginOf(url, source),
    display: `${kind}://${url.hostname}:${port}`,
  });
}

function kindOf(scheme: string, source: string): ForwardProxy["kind"] {
  const name = scheme.toLowerCase();
  if (name in DEFAULT_PORTS) return name as ForwardProxy["kind"];
  const hint = name.startsWith("socks") ? "Only version 5 of SOCKS is spoken: socks5:// or socks5h://." : HINT;
  throw new ConfigError("PROXY_URL_INVALID", `${source} names a proxy of a kind that is not known: ${scheme}.`, {
    hint,
  });
}

/** URL itself leaves out a port that is the scheme's own. */
function portOf(rest: string): number | undefined {
  const [, digits] = /:(\d+)\/?$/.exec(rest.replace(/^.*@/s, "").replace(/^\[[^\]]*\]/, "h")) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function loginOf({ username, password }: URL, source: string): ProxyLogin | undefined {
  if (username === "" && password === "") return undefined;
  try {
    return new ProxyLogin(decodeURIComponent(username), decodeURIComponent(password));
  } catch {
    throw new ConfigError("PROXY_URL_INVALID", `the user or password in ${source} has a % that begins no %XX.`, {
      hint: "Write % as %25, or give them with --proxy-auth-file.",
    });
  }
}
