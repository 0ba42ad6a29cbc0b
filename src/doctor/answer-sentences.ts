import { type Shown, statusError } from "../transport/dial-error.ts";
import type { ResponseHead } from "../wire/http.ts";
import { printable } from "../wire/printable.ts";
import type { DoctorOptions } from "./step.ts";

export interface AnswerWords {
  readonly what: string;
  readonly mend: string;
  readonly details: readonly string[];
}

type Asked = Pick<DoctorOptions, "url" | "tls" | "credentials">;

/** With what our own server answers a request whose Upgrade is gone. */
const OUR_UPGRADE_REQUIRED = /^This is a VPN: it takes WebSocket connections only/;

const NGINX_MEND =
  "nginx passes no Upgrade on unless it is told to. In its location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; see contrib/nginx/proxy.conf. Or is another proxy between here and nginx?";
const APACHE_MEND =
  "Apache passes WebSockets by mod_proxy_wstunnel, or by ProxyPass with upgrade=websocket: let it do so for this path.";
const OTHER_MEND =
  "The web server or a proxy before it drops the headers Upgrade and Connection: let it pass WebSockets for this path. With wss:// no proxy on the way can.";

/** What an answer other than 101 means. */
export function answerWords(asked: Asked, head: ResponseHead, page: string): AnswerWords {
  const { status, reason, headers } = head;
  const server = printable(headers.get("server") ?? "", 60);
  const via = printable(headers.get("via") ?? "", 100);
  const details = [
    ...(server === "" ? [] : [`Server: ${server}`]),
    ...(via === "" ? [] : [`Via: ${via}`]),
    ...(page === "" ? [] : [`it says: ${page}`]),
  ];
  const answer = `the answer is ${status} ${printable(reason, 60)}`.trimEnd();
  const known = stripped(status, page, server) ?? otherThings(status, page);
  if (known !== undefined) return { what: `${answer}: ${known.what}`, mend: known.mend, details };
  const shown: Shown =
    asked.credentials?.kind ?? (asked.url.isSecure && asked.tls.cert !== undefined ? "certificate" : "nothing");
  const refusal = { status, reason, sentence: "", retryAfter: undefined, via: headers.get("via") };
  const isOurs = server === "" && page !== "" && !page.includes("nginx");
  const { hint = "" } = statusError(asked.url, refusal, shown);
  return { what: isOurs ? `${answer}: ${page}` : answer, mend: hint, details };
}

interface Known {
  readonly what: string;
  readonly mend: string;
}

function stripped(status: number, page: string, server: string): Known | undefined {
  if (status !== 426 || !OUR_UPGRADE_REQUIRED.test(page)) return undefined;
  const what = "the VPN server is reached, but your proxy strips Upgrade";
  if (/nginx|openresty|tengine/i.test(server)) return { what, mend: NGINX_MEND };
  return { what, mend: /apache/i.test(server) ? APACHE_MEND : OTHER_MEND };
}

function otherThings(status: number, page: string): Known | undefined {
  if (status === 400 && /plain HTTP request was sent to HTTPS port|speak TLS|https/i.test(page)) {
    return { what: "the port wants TLS", mend: "Use wss:// in place of ws://." };
  }
  if (status === 400 && /certificate was sent|SSL certificate/i.test(page)) {
    return { what: "the web server wants a client certificate", mend: "Give --crt and --key." };
  }
  if (status === 409) {
    return {
      what: page === "" ? "there is no place" : page,
      mend: "The doctor takes a place of its own and none from a session that runs: end one, or raise `sessions` in the server's policy for this user.",
    };
  }
  if (status >= 200 && status < 300) {
    return {
      what: "a web page, and no WebSocket",
      mend: "No VPN is at that path: check the path of the URL and the web server's location. If it is there, a proxy strips Upgrade.",
    };
  }
  return undefined;
}
