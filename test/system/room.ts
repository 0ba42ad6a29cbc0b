/**
 * A network whose members may be of different kinds: a server, ours or one that behaves as the original's, and around
 * it, each in a namespace with a cable of its own, clients of ours and clients that behave as the original's.
 *
 *   member 2  vpn0 10.79.0.2 ── cable ──┐
 *   member 3  vpn0 10.79.0.3 ── cable ──┴─ nginx:80 ─ uwsgi, unix socket ─ server  vpn0 10.79.0.1
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Child } from "../../lab/child.ts";
import type { Lab, Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { startNginx } from "../../lab/nginx.ts";
import { programArgv } from "../../lab/program-argv.ts";
import { startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";

const LEGACY_CLIENT = fileURLToPath(new URL("legacy-peers/legacy-client.ts", import.meta.url));
const LEGACY_SERVER = fileURLToPath(new URL("legacy-peers/legacy-server.ts", import.meta.url));
const PATH = "/vpn";

/** A host of the network. */
export interface Member {
  readonly namespace: Namespace;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly child: Child;
}

export interface OurMember extends Member {
  readonly vpn: VpnProcess;
}

export interface LegacyClientOptions {
  /** Of its TAP. The original's client needs 1486 or less: it reads 1500 bytes, Ethernet header included. */
  readonly mtu: number;
  readonly readBytes: number;
}

/** The original's own, and one that keeps to the same wire but reads whole frames. */
export const ORIGINAL_CLIENT: LegacyClientOptions = { mtu: 1486, readBytes: 1500 };
export const FULL_FRAME_CLIENT: LegacyClientOptions = { mtu: 1500, readBytes: 1514 };

export class Room {
  readonly #lab: Lab;
  readonly #hub: Namespace;
  #server: Member | undefined;
  #members = 1;

  private constructor(lab: Lab, hub: Namespace) {
    this.#lab = lab;
    this.#hub = hub;
  }

  /** A room around our server. */
  static async aroundOurServer(lab: Lab, flags: readonly string[] = []): Promise<Room> {
    const room = new Room(lab, await lab.namespace("server"));
    const address = addressOf(1);
    const socket = await room.#startFront();
    const vpn = await startServer(room.#hub, [
      "--listen",
      `unix:${socket}`,
      "--allow-bridge",
      ...flags,
      ...tapFlags(address),
    ]);
    room.#server = { namespace: room.#hub, child: vpn.child, ...address };
    return room;
  }

  /** A room around a server that behaves as the original's does. */
  static async aroundLegacyServer(lab: Lab): Promise<Room> {
    const room = new Room(lab, await lab.namespace("server"));
    const address = addressOf(1);
    const socket = await room.#startFront();
    const child = room.#hub.start(programArgv(LEGACY_SERVER, socket, TAP));
    await child.waitUntil("its socket", () => child.stdout.includes("listening"));
    await giveAddresses(room.#hub, address);
    room.#server = { namespace: room.#hub, child, ...address };
    return room;
  }

  get server(): Member {
    assert.ok(this.#server !== undefined);
    return this.#server;
  }

  /** A client of ours. */
  async addClient(...flags: readonly string[]): Promise<OurMember> {
    const { namespace, host, address } = await this.#addHost("client");
    const vpn = await startClient(namespace, [...flags, ...tapFlags(address), `ws://${host}${PATH}`]);
    return { namespace, vpn, child: vpn.child, ...address };
  }

  /** A client that behaves as the original's does. */
  async addLegacyClient({ mtu, readBytes }: LegacyClientOptions): Promise<Member> {
    const { namespace, host, address } = await this.#addHost("legacy");
    const child = namespace.start(programArgv(LEGACY_CLIENT, TAP, host, "80", PATH, String(readBytes)));
    await child.waitUntil("its connection", () => child.stdout.includes("connected"));
    await namespace.ip("link", "set", TAP, "mtu", String(mtu));
    await giveAddresses(namespace, address);
    return { namespace, child, ...address };
  }

  /** A client of ours in a bridge with a cable to one more host, which is the member and knows nothing of a VPN. */
  async addBridgedHost(...flags: readonly string[]): Promise<Member> {
    const { namespace, host, address } = await this.#addHost("bridge");
    const vpn = await startClient(namespace, [...flags, "--bridge", "--tap", TAP, `ws://${host}${PATH}`]);
    const behind = await this.#lab.namespace("behind");
    await namespace.ip("link", "add", "br0", "type", "bridge");
    await namespace.ip("link", "add", "cable", "type", "veth", "peer", "name", TAP, "netns", behind.name);
    for (const device of ["cable", TAP]) await namespace.ip("link", "set", device, "master", "br0");
    for (const device of ["cable", "br0"]) await namespace.ip("link", "set", device, "up");
    await giveAddresses(behind, address);
    return { namespace: behind, child: vpn.child, ...address };
  }

  async #addHost(label: string): Promise<{ namespace: Namespace; host: string; address: Addresses }> {
    const namespace = await this.#lab.namespace(label);
    const link = await this.#lab.link(namespace, this.#hub);
    this.#members += 1;
    return { namespace, host: link.ipv4[1], address: addressOf(this.#members) };
  }

  /** nginx in front of a unix socket, whose path is returned. */
  async #startFront(): Promise<string> {
    const directory = mkdtempSync(join(tmpdir(), "vpnws-room-"));
    this.#lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
    const unixSocket = join(directory, "vpn.sock");
    await startNginx(this.#lab, this.#hub, { location: "uwsgi-unix", unixSocket });
    return unixSocket;
  }
}

/** TCP segments that arrived with a wrong checksum since the namespace was made, where nothing but software looked. */
export async function wrongChecksums({ namespace }: Member): Promise<number> {
  const { stdout } = await namespace.run(["cat", "/proc/net/snmp"]);
  const [names = "", values = ""] = stdout.split("\n").filter((line) => line.startsWith("Tcp:"));
  return Number(values.split(" ")[names.split(" ").indexOf("InCsumErrors")]);
}

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

function addressOf(member: number): Addresses {
  return { ipv4: `10.79.0.${member}`, ipv6: `fd79::${member}` };
}

function tapFlags({ ipv4, ipv6 }: Addresses): readonly string[] {
  return ["--tap", TAP, "--address", `${ipv4}/24`, "--address", `${ipv6}/64`];
}

async function giveAddresses(namespace: Namespace, { ipv4, ipv6 }: Addresses): Promise<void> {
  await namespace.setAddress(TAP, `${ipv4}/24`);
  await namespace.setAddress(TAP, `${ipv6}/64`);
}
