import { formatResponse, type HeaderList } from "../wire/http.ts";
import type { PeerSnapshot } from "./peer-snapshot.ts";

/**
 * The original's control interface (uwsgi modifier1 = 1): a JSON list of the peers, and `?kill=ID`. Field names,
 * their order, upper-case MACs and HTTP/1.0 are the original's, because scripts read them.
 */
export interface LegacyControlActions {
  peers(): readonly PeerSnapshot[];
  /** Closes a peer; false if there is none with that id, or if it is the server's own TAP. */
  kill(id: number): boolean;
}

const HEADERS: HeaderList = [
  ["Connection", "close"],
  ["Cache-Control", "no-cache, no-store, must-revalidate"],
  ["Pragma", "no-cache"],
  ["Expires", "0"],
  ["Content-Type", "application/json"],
];

/** The whole HTTP answer to a request with this query string. */
export function answerLegacyControl(query: string, actions: LegacyControlActions): Uint8Array {
  const kill = new URLSearchParams(query).get("kill");
  if (kill === null || kill === "") return answer(200, { status: "ok", peers: actions.peers().map(describe) });
  // Digits only: parseInt would kill peer 7 for "7x".
  const found = /^\d{1,15}$/.test(kill) && actions.kill(Number(kill));
  return found ? answer(200, { status: "ok" }) : answer(404, { status: "not found" });
}

function answer(status: number, body: unknown): Uint8Array {
  return formatResponse(status, HEADERS, JSON.stringify(body), "1.0");
}

function describe(peer: PeerSnapshot): Record<string, unknown> {
  return {
    id: peer.id,
    MAC: (peer.mac ?? "00:00:00:00:00:00").toUpperCase(),
    REMOTE_ADDR: peer.remoteAddress,
    REMOTE_USER: peer.user,
    DN: peer.distinguishedName,
    ts: formatCtime(new Date(peer.sinceMs)),
    bridge: peer.bridge ? 1 : 0,
    macs: peer.learnedMacs.map((mac) => mac.toUpperCase()),
    unix: Math.floor(peer.sinceMs / 1000),
    tx: peer.sentBytes,
    rx: peer.receivedBytes,
  };
}

/** Local time as ctime(3) writes it: `Sun Nov  2 09:05:03 2026`. */
function formatCtime(date: Date): string {
  const [weekday, month, , year, time] = date.toString().split(" ");
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${time} ${year}`;
}
