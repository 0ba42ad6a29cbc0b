import { formatSeconds } from "../base/words.ts";
import { type Finding, finding } from "./finding.ts";
import type { IdleOutcome } from "./idle-watch.ts";

interface KnownLimit {
  readonly seconds: number;
  readonly who: string;
}

/** Limits that people run into, by their defaults. */
const KNOWN_LIMITS: readonly KnownLimit[] = [
  { seconds: 30, who: "haproxy's `timeout client` and `timeout server` in many examples, or a cloud's load balancer" },
  {
    seconds: 50,
    who: "haproxy's `timeout client` and `timeout server` in its own examples; `timeout tunnel` is for WebSockets",
  },
  {
    seconds: 60,
    who: "nginx: proxy_read_timeout (uwsgi_read_timeout with uwsgi_pass); AWS load balancers: idle timeout; Apache: ProxyTimeout",
  },
  { seconds: 100, who: "Cloudflare: 100 s, not to be changed" },
];
/** A cut is seen late, and timers of proxies are coarse. */
const TOLERANCE_MS = 1_500;

/** Our peers ping what is silent for this long: see LIVENESS_DEFAULTS. */
const OUR_PING_MS = 5_000;
/** And the original's. */
const ORIGINAL_PING_MS = 17_000;

/** What silence does to a connection, and whose limit that is. `front`: the header Server of the answer. */
export function judgeIdle(outcome: IdleOutcome, front: string): Finding {
  const { state, silentMs, reason, spokeAfterMs } = outcome;
  const after = formatSeconds(silentMs);
  const figures = {
    state,
    silentMs: Math.round(silentMs),
    reason,
    spokeAfterMs: spokeAfterMs === undefined ? null : Math.round(spokeAfterMs),
  };
  if (state === "alive") {
    if (spokeAfterMs === undefined) return finding("idle", "good", `${after} of silence do no harm`, { figures });
    const details = ["the server does not know how to keep quiet: limits above that cannot be seen, and do no harm"];
    return finding("idle", "good", `it lives; the server pings after ${formatSeconds(spokeAfterMs)}`, {
      details,
      figures,
    });
  }
  const level = silentMs < OUR_PING_MS ? "fault" : "warning";
  const details = [...(reason === "" ? [] : [`it ended so: ${reason}`]), livesWith(silentMs)];
  if (state === "dead") {
    const mend =
      "A NAT or a firewall forgets connections that are silent, and tells nobody. Raise its timeout for TCP, or use another port (443).";
    return finding("idle", level, `after ${after} of silence nothing gets through any more`, {
      details,
      mend,
      figures,
    });
  }
  return finding("idle", level, `${whoIs(front)} cuts idle connections at ${after}${nginxWord(front)}`, {
    details,
    mend: mendFor(silentMs, front),
    figures,
  });
}

const isNginx = (front: string): boolean => /nginx|openresty|tengine/i.test(front);

function whoIs(front: string): string {
  if (isNginx(front)) return "nginx";
  return front === "" ? "something on the way" : `${front}, or something before it,`;
}

function nginxWord(front: string): string {
  return isNginx(front) ? ": proxy_read_timeout" : "";
}

function mendFor(silentMs: number, front: string): string {
  if (isNginx(front)) {
    return "In nginx's location: proxy_read_timeout 1d; proxy_send_timeout 1d; (uwsgi_read_timeout and uwsgi_send_timeout with uwsgi_pass), see contrib/nginx.";
  }
  const known = KNOWN_LIMITS.find(({ seconds }) => Math.abs(silentMs - seconds * 1000) <= TOLERANCE_MS);
  const who =
    known === undefined
      ? "nginx (proxy_read_timeout), haproxy (timeout tunnel), a load balancer's idle timeout"
      : known.who;
  return `${known === undefined ? "It may be" : "That is usual for"} ${who}. Raise it for this path.`;
}

/** Who feels it. */
function livesWith(silentMs: number): string {
  if (silentMs < OUR_PING_MS) return "our own pings come too late for it: no quiet connection stands";
  const original = silentMs < ORIGINAL_PING_MS ? "; the original's programs ping every 17 s and are cut" : "";
  return `vpn-ws pings what is silent for 4 s and lives with it; a laptop that sleeps for longer has to connect again${original}`;
}
