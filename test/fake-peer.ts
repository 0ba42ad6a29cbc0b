import type { DropCounts, PeerDetail, PeerRow, Traffic } from "../src/control/model.ts";
import { formatMac } from "../src/wire/mac.ts";

const NAMES = ["ada", "bo", "cy", "dora", "emil", "fay", "gus", "hana", "ivo", "june", "kofi", "lena", "milo", "nora"];
const PLACES = ["desk", "home", "lab", "phone", "van", "warehouse"];
const NETWORKS = ["office", "lab"] as const;
const FRAME_BYTES = 900;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A peer as a test tells it: what it is and how much flows; `advance` moves its counters. */
export class FakePeer {
  readonly row: Mutable<Omit<PeerRow, "traffic" | "wire">> & {
    traffic: Mutable<Traffic>;
    wire: Mutable<PeerRow["wire"]>;
  };
  readonly macs: readonly string[];
  readonly address: string;
  readonly ingressDrops: DropCounts = {};
  readonly egressDrops: DropCounts = {};
  rateUp: number | null = null;
  rateDown: number | null = null;
  /** Bytes per second that it sends, and is sent. */
  upBytes: number;
  downBytes: number;

  constructor(number: number, random: () => number, sinceMs: number) {
    const isAnonymous = number % 29 === 28;
    const isBridge = number % 10 === 9;
    const name = `${NAMES[number % NAMES.length]}.${PLACES[number % PLACES.length]}${number}`;
    this.upBytes = Math.round(10 ** (random() * 5));
    this.downBytes = Math.round(10 ** (random() * 6));
    this.macs = Array.from({ length: isBridge ? 8 : 1 }, (_, host) => macOf(number, host));
    this.address = `10.${host8(number >> 16)}.${host8(number >> 8)}.${host8(number)}`;
    this.row = {
      id: String(number + 1),
      kind: "peer",
      network: NETWORKS[number % 4 === 3 ? 1 : 0],
      user: isAnonymous ? "" : name,
      method: isAnonymous ? "anonymous" : (["token", "htpasswd", "jwt"][number % 3] as string),
      mac: macOf(number, 0),
      bridge: isBridge,
      guest: false,
      address: `203.0.${113 + (number >> 8)}.${number & 0xff}`,
      distinguishedName: "",
      dialect: number % 7 === 6 ? "v1" : "v2",
      agent: number % 7 === 6 ? null : "vpn-ws/0.1.0",
      state: "open",
      sinceMs,
      connections: number % 5 === 0 ? 2 : 1,
      roundTripMs: Math.round(random() * 1_800) / 10 + 0.4,
      queuedBytes: 0,
      isolated: number % 17 === 16,
      shut: false,
      traffic: { receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 },
      wire: { receivedBytes: 0, sentBytes: 0 },
    };
  }

  /** Lets it send and be sent for so long. */
  advance(ms: number, random: () => number): void {
    const { row } = this;
    if (row.state !== "open") return;
    const swing = 0.5 + random();
    const received = Math.round((this.upBytes * swing * ms) / 1_000);
    const sent = Math.round((this.downBytes * swing * ms) / 1_000);
    row.traffic.receivedBytes += received;
    row.traffic.receivedFrames += Math.ceil(received / FRAME_BYTES);
    row.traffic.sentBytes += sent;
    row.traffic.sentFrames += Math.ceil(sent / FRAME_BYTES);
    row.wire.receivedBytes += received;
    row.wire.sentBytes += sent;
    row.queuedBytes = swing > 1.4 ? Math.round(sent * 0.05) : 0;
    row.roundTripMs = Math.max(0.3, (row.roundTripMs ?? 20) * (0.95 + random() * 0.1));
    if (swing > 1.45) this.#drop(Math.ceil(random() * 3));
  }

  #drop(frames: number): void {
    this.egressDrops["egress-full"] = (this.egressDrops["egress-full"] ?? 0) + frames;
    this.row.traffic.drops += frames;
    if (this.row.bridge) this.ingressDrops["mac-not-yours"] = (this.ingressDrops["mac-not-yours"] ?? 0) + 1;
    if (this.row.bridge) this.row.traffic.drops++;
  }

  detail(nowMs: number): PeerDetail {
    const { row } = this;
    return {
      ...row,
      traffic: { ...row.traffic },
      wire: { ...row.wire },
      groups: row.user === "" ? [] : ["staff"],
      expiresMs: row.method === "jwt" ? row.sinceMs + 8 * 3_600_000 : null,
      mtu: row.dialect === "v2" ? 1_500 : null,
      links: Array.from({ length: row.connections }, (_, number) => ({
        number,
        address: row.address,
        via: number === 0 ? "http" : "uwsgi",
        sinceMs: row.sinceMs,
        roundTripMs: row.roundTripMs,
        silentMs: 120,
        queuedBytes: Math.floor(row.queuedBytes / row.connections),
        receivedBytes: Math.floor(row.traffic.receivedBytes / row.connections),
        sentBytes: Math.floor(row.traffic.sentBytes / row.connections),
        congestionControl: "bbr",
        ecnMarks: 0,
      })),
      macs: this.macs.map((mac, host) => ({ mac, pinned: host === 0, ageMs: host === 0 ? 0 : nowMs % 60_000 })),
      addresses: [{ address: this.address, how: "leased" }],
      ingressDrops: { ...this.ingressDrops },
      egressDrops: { ...this.egressDrops },
      unlearnedFrames: 0,
      tooBigAnswers: 0,
      sentFragments: 0,
      heldFrames: row.state === "held" ? 3 : 0,
      rateUp: this.rateUp,
      rateDown: this.rateDown,
    };
  }
}

function macOf(number: number, host: number): string {
  return formatMac(0x0200 | host, number);
}

function host8(value: number): number {
  return value & 0xff;
}
