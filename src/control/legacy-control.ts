import { formatResponse, type HeaderList } from "../wire/http.ts";
import type { ControlModel } from "./control-model.ts";
import type { PeerRow } from "./model.ts";

const HEADERS: HeaderList = [
  ["Connection", "close"],
  ["Cache-Control", "no-cache, no-store, must-revalidate"],
  ["Pragma", "no-cache"],
  ["Expires", "0"],
  ["Content-Type", "application/json"],
];

/** All uplinks have it; peers count from 1. */
const UPLINK_ID = 0;

/**
 * The original's control interface (uwsgi modifier1 = 1): a JSON list of the peers, and `?kill=ID`. Field names,
 * their order, upper-case MACs and HTTP/1.0 are the original's, because scripts read them. This is the whole HTTP answer
 * to a request with this query string; `kill` closes a peer, and says whether there was one.
 */
export function answerLegacyControl(
  query: string,
  model: Pick<ControlModel, "peers" | "fdb">,
  kill: (id: string) => boolean,
): Uint8Array {
  const id = new URLSearchParams(query).get("kill");
  if (id === null || id === "") return answer(200, { status: "ok", peers: list(model) });
  // Digits only: parseInt would kill peer 7 for "7x".
  const found = /^\d{1,15}$/.test(id) && kill(String(Number(id)));
  return found ? answer(200, { status: "ok" }) : answer(404, { status: "not found" });
}

function answer(status: number, body: unknown): Uint8Array {
  return formatResponse(status, HEADERS, JSON.stringify(body), "1.0");
}

function list(model: Pick<ControlModel, "peers" | "fdb">): readonly unknown[] {
  const learned = learnedMacs(model);
  return Array.from(model.peers(), (row) => describe(row, learned.get(row.id) ?? []));
}

/** MACs behind each port, its own not included. */
function learnedMacs(model: Pick<ControlModel, "fdb">): ReadonlyMap<string, readonly string[]> {
  const byPeer = new Map<string, string[]>();
  for (const { peer, mac, pinned } of model.fdb()) {
    if (pinned) continue;
    const macs = byPeer.get(peer);
    if (macs === undefined) byPeer.set(peer, [mac]);
    else macs.push(mac);
  }
  return byPeer;
}

function describe(row: PeerRow, learned: readonly string[]): Record<string, unknown> {
  return {
    id: row.kind === "uplink" ? UPLINK_ID : Number(row.id),
    MAC: (row.mac ?? "00:00:00:00:00:00").toUpperCase(),
    REMOTE_ADDR: row.address,
    REMOTE_USER: row.user,
    DN: row.distinguishedName,
    ts: formatCtime(new Date(row.sinceMs)),
    bridge: row.bridge ? 1 : 0,
    macs: learned.map((mac) => mac.toUpperCase()),
    unix: Math.floor(row.sinceMs / 1000),
    tx: row.wire.sentBytes,
    rx: row.wire.receivedBytes,
  };
}

/** Local time as ctime(3) writes it: `Sun Nov  2 09:05:03 2026`. */
function formatCtime(date: Date): string {
  const [weekday, month, , year, time] = date.toString().split(" ");
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${time} ${year}`;
}
