import { waitFor } from "../../../lab/wait.ts";
import { OFFLOAD_ALL } from "../../../src/wire/offload.ts";
import { MAX_SESSION_CONNECTIONS } from "../../../src/wire/session-claim.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { LegacyPeer } from "../../legacy-peer.ts";
import { V2Peer } from "../../v2-peer.ts";
import { Ledger } from "./ledger.ts";
import type { Station } from "./naive-network.ts";
import type { SlowPath } from "./slow-path.ts";
import { bytesIn, countFrames } from "./traffic.ts";

/** Who takes part, and how. */
export interface Role {
  readonly name: string;
  readonly dialect: "v1" | "v2";
  readonly network: "default" | "other";
  readonly mac: string;
  readonly mtu: number;
  /** Super-frames go there whole. */
  readonly takesSuperFrames?: boolean;
  readonly bridge?: boolean;
  readonly user?: string;
  /** Its path is slow, and may stand still. */
  readonly isSlow?: boolean;
}

const mac = (last: number): string => `02:00:00:00:00:0${last}`;

/** The user whom the policy isolates, and slows down. */
export const ISOLATED_USER = "alone";

export const ROLES: readonly Role[] = [
  { name: "original", dialect: "v1", network: "default", mac: mac(1), mtu: 1486, isSlow: true },
  { name: "whole", dialect: "v2", network: "default", mac: mac(2), mtu: 1500, takesSuperFrames: true, isSlow: true },
  { name: "narrow", dialect: "v2", network: "default", mac: mac(3), mtu: 1280 },
  { name: "bridge", dialect: "v2", network: "default", mac: mac(4), mtu: 1500, bridge: true, isSlow: true },
  { name: "isolated", dialect: "v2", network: "default", mac: mac(5), mtu: 1500, user: ISOLATED_USER },
  { name: "elsewhere", dialect: "v2", network: "other", mac: mac(1), mtu: 1500, user: "eve", isSlow: true },
  { name: "beside it", dialect: "v2", network: "other", mac: mac(2), mtu: 1500, user: "bob" },
];

/** MACs behind the bridge, which it learns by what they send. */
export const BEHIND = ["02:00:00:00:01:01", "02:00:00:00:01:02"] as const;

interface Link {
  readonly peer: V2Peer | LegacyPeer;
  /** Undefined: it is fast. */
  readonly path: SlowPath | undefined;
}

/** One that takes part, over all of its connections, from joining until its session is over. */
export class Attendant implements Station {
  readonly role: Role;
  readonly mac: string;
  readonly mtu: number;
  readonly isBridge: boolean;
  readonly isIsolated: boolean;
  readonly isUplink = false;
  broadcasts: number;
  readonly learned = new Set<string>();
  /** Its IP addresses are of this number. */
  readonly host: number;
  readonly ledger: Ledger;
  readonly open = new Map<number, Link>();
  token: string | undefined;
  /** When it lost its last connection. */
  heldSinceMs = 0;
  readonly #all: (V2Peer | LegacyPeer)[] = [];
  /** Those that stood still when another came in their place. */
  readonly #replaced: (V2Peer | LegacyPeer)[] = [];

  constructor(role: Role, host: number, broadcasts: number) {
    this.role = role;
    this.mac = role.mac;
    this.mtu = role.mtu;
    this.isBridge = role.bridge ?? false;
    this.isIsolated = role.user === ISOLATED_USER;
    this.host = host;
    this.broadcasts = broadcasts;
    this.ledger = new Ledger(() => {
      const frames = this.#all.flatMap((one) => one.frames);
      const sentBytes = this.#all.reduce((sum, { raw }) => sum + raw.socket.bytesWritten, 0);
      const receivedBytes = this.#all.reduce((sum, { raw }) => sum + raw.socket.bytesRead, 0);
      return { frames: countFrames(frames), bytes: bytesIn(frames), wire: { sentBytes, receivedBytes } };
    });
    this.ledger.mayLose = this.isIsolated;
  }

  /** Whether one of its connections stands still. */
  get isFrozen(): boolean {
    return [...this.open.values()].some(({ path }) => path?.isFrozen === true);
  }

  /** Whether something may wait for it: one that stood still when it was replaced keeps what it has until it is closed. */
  get isWaitedFor(): boolean {
    return this.isFrozen || this.#replaced.some(({ raw }) => !raw.isOver);
  }

  /** Joins, comes back, or has one connection more, or another for the one of this number. */
  async connect(address: string, number: number, slowPath: SlowPath | undefined): Promise<void> {
    const { role, token } = this;
    const replaced = this.open.get(number);
    if (replaced?.path?.isFrozen) {
      this.ledger.mayLose = true;
      this.#replaced.push(replaced.peer);
    }
    const headers = role.user === undefined ? "" : `X-Remote-User: ${role.user}\r\n`;
    const options = { mac: role.mac, bridge: role.bridge ?? false, headers };
    const path = `/${role.network}`;
    const claim = token === undefined ? undefined : { token, connection: number };
    const offloads = role.takesSuperFrames ? OFFLOAD_ALL : 0;
    const peer =
      role.dialect === "v1"
        ? await LegacyPeer.join(address, options)
        : await V2Peer.join(address, { ...options, path, mtu: role.mtu, offloads, claim });
    if (peer instanceof V2Peer) this.token = await peer.token();
    this.#all.push(peer);
    this.open.set(number, { peer, path: slowPath });
  }

  /** Sends a message of dialect v2 by one of its connections; of v1 what is behind the virtio-net header. */
  send(message: Buffer): void {
    const [first] = this.open.values();
    const peer = first?.peer;
    if (peer instanceof V2Peer) peer.sendMessages(message);
    else peer?.send(message.subarray(VNET_HEADER_BYTES));
  }

  /** One of its connections is cut. */
  vanish(number: number): void {
    if (this.isFrozen || this.open.size === 1) this.ledger.mayLose = true;
    this.open.get(number)?.peer.raw.destroy();
    this.open.delete(number);
  }

  /** Takes its leave, by a connection whose path is free; false if there is none. */
  async bye(): Promise<boolean> {
    const free = [...this.open.values()].find(({ path }) => path?.isFrozen !== true);
    if (free === undefined) return false;
    const { peer } = free;
    peer.close(1000);
    await waitFor("the answer to a goodbye", () => peer.closes.length > 0, { pollMs: 1 });
    peer.raw.destroy();
    return true;
  }

  /** All of its connections are cut, those that were replaced too. */
  leave(): void {
    for (const { raw } of this.#all) raw.destroy();
    this.open.clear();
  }

  /** The path of one of its connections stands still from now on, if it is a slow one. */
  freeze(number: number): void {
    const path = this.open.get(number)?.path;
    if (path === undefined) return;
    path.isFrozen = true;
    this.ledger.mayLose = true;
  }

  thaw(): void {
    for (const { path } of this.open.values()) if (path !== undefined) path.isFrozen = false;
  }

  /** The lowest number, from `from` on, of a connection that it has. */
  connectionFrom(from: number): number | undefined {
    return Array.from({ length: MAX_SESSION_CONNECTIONS }, (_, i) => (from + i) % MAX_SESSION_CONNECTIONS).find((one) =>
      this.open.has(one),
    );
  }
}
