/**
 * A server with nginx beside it and a few clients around it, all real, in namespaces of their own: half of the clients go
 * through nginx. Faults befall it in rounds: one for each client at once, or one for all; then all must be well again.
 *
 *   client 0 ═ path 0 ═╗            ╔═ server :8080 ═ TAP 10.78.0.1
 *   client 1 ═ path 1 ═╩═ namespace ╩═ nginx :80 ──► :8080
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Lab, Namespace } from "../namespace.ts";
import { TAP } from "../network.ts";
import { type Nginx, startNginx, UPSTREAM_PORT } from "../nginx.ts";
import type { PathSettings } from "../path/direction-settings.ts";
import { temporaryDirectory } from "../temporary.ts";
import { startServer, type VpnProcess } from "../vpn.ts";
import { waitFor } from "../wait.ts";
import { type ControlPeer, readPeers } from "./control-peers.ts";
import { type CellFault, type ClientFault, ENDS_SESSION, type FaultKind } from "./fault.ts";
import { FaultyClient, makeTap, SERVER_ADDRESS, SERVER_MAC } from "./faulty-client.ts";
import { Footprint } from "./footprint.ts";

export interface CellOptions {
  readonly name: string;
  readonly clients: number;
  readonly seed: number;
  /** For each client in turn. */
  readonly paths: readonly PathSettings[];
  /** For each client in turn. */
  readonly flags: readonly (readonly string[])[];
}

/** How long after a fault something went through again. */
export interface Recovery {
  readonly kind: FaultKind;
  /** Of the client. */
  readonly mac: string;
  readonly recoveredMs: number;
}

/** Who has no traffic for so long after a fault is stuck. */
const STUCK_MS = 15_000;

/** The server knows of a lost connection by then, and has let go of what it held. */
const CONSISTENT_MS = 25_000;

export class Cell {
  readonly name: string;
  readonly clients: FaultyClient[] = [];
  readonly #lab: Lab;
  readonly #namespace: Namespace;
  readonly #unixSocket: string;
  readonly #footprints: Footprint[] = [];
  /** The id of each client's session, by its MAC. */
  readonly #sessions = new Map<string, number>();
  #server: VpnProcess;
  #nginx: Nginx;

  private constructor(lab: Lab, namespace: Namespace, unixSocket: string, server: VpnProcess, nginx: Nginx) {
    this.name = namespace.name;
    this.#lab = lab;
    this.#namespace = namespace;
    this.#unixSocket = unixSocket;
    this.#server = server;
    this.#nginx = nginx;
    this.#footprints.push(new Footprint(namespace.name, server.child.pid));
  }

  static async open(lab: Lab, options: CellOptions): Promise<Cell> {
    const namespace = await lab.namespace(`${options.name}-server`);
    const unixSocket = join(temporaryDirectory(lab, "faults"), "control.sock");
    await makeTap(namespace, SERVER_MAC, `${SERVER_ADDRESS}/24`);
    const server = await startAt(namespace, unixSocket);
    const cell = new Cell(lab, namespace, unixSocket, server, await startNginx(lab, namespace, { location: "proxy" }));
    const opened = Array.from({ length: options.clients }, (_, index) => {
      const path = options.paths[index % options.paths.length] ?? {};
      const flags = options.flags[index % options.flags.length] ?? [];
      const port = index % 2 === 0 ? UPSTREAM_PORT : cell.#nginx.port;
      const seed = options.seed + 1_000 * index;
      const name = `${options.name}-client${index}`;
      const isBusy = index % 3 === 2;
      return FaultyClient.open(lab, namespace, { index, name, port, path, seed, flags, isBusy });
    });
    cell.clients.push(...(await Promise.all(opened)));
    return cell;
  }

  /** A fault for each client, all at once; returns when each has traffic again. */
  async sufferEach(faults: readonly ClientFault[]): Promise<readonly Recovery[]> {
    return await Promise.all(
      this.clients.map(async (client, index) => {
        const fault = faults[index] as ClientFault;
        await client.suffer(fault);
        return await recovery(client, fault.kind);
      }),
    );
  }

  /** One fault for all clients. */
  async sufferTogether(fault: CellFault): Promise<readonly Recovery[]> {
    if (fault.kind === "server-freeze") await freeze(this.#server.child, fault.lastMs);
    else if (fault.kind === "proxy-freeze") await freeze(this.#nginx.child, fault.lastMs);
    else if (fault.kind === "proxy-kill") await this.#killProxy();
    else await this.#endServer(fault.kind === "server-kill" ? "SIGKILL" : "SIGTERM");
    return await Promise.all(this.clients.map((client) => recovery(client, fault.kind)));
  }

  /**
   * Each client is one peer of the server, by its own MAC, and there are no others; sessions that none of these kinds of
   * fault may end are the same as before; all processes live.
   */
  async check(suffered: readonly Recovery[]): Promise<void> {
    const expected = this.clients.map(({ mac }) => mac).sort();
    let found: readonly ControlPeer[] = [];
    const macsFound = (): string =>
      found
        .map(({ MAC }) => MAC)
        .sort()
        .join();
    const isConsistent = async (): Promise<boolean> => {
      found = await readPeers(this.#unixSocket);
      return macsFound() === expected.join();
    };
    const evidence = (): string => `the server has ${macsFound()}, not ${expected.join()}\n${this.describe()}`;
    await waitFor("the server's peers to be the clients", isConsistent, { timeoutMs: CONSISTENT_MS, evidence });
    this.#compareSessions(found, suffered);
    for (const client of this.clients) client.sample();
    this.#footprints.at(-1)?.sample();
  }

  #compareSessions(found: readonly ControlPeer[], suffered: readonly Recovery[]): void {
    for (const { kind, mac } of suffered) {
      const before = this.#sessions.get(mac);
      const now = found.find(({ MAC }) => MAC === mac)?.id;
      if (ENDS_SESSION.has(kind) || before === now) continue;
      throw new Error(`${mac} has session ${now}, not ${before} as before a ${kind}\n${this.describe()}`);
    }
    for (const { MAC, id } of found) this.#sessions.set(MAC, id);
  }

  get footprints(): readonly Footprint[] {
    return [...this.#footprints, ...this.clients.flatMap(({ footprints }) => footprints)];
  }

  /** The end of the server's log, for error messages. */
  describe(): string {
    return this.#server.child.describe();
  }

  async #killProxy(): Promise<void> {
    this.#nginx.child.kill("SIGKILL");
    await this.#nginx.child.ended;
    this.#nginx = await startNginx(this.#lab, this.#namespace, { location: "proxy" });
  }

  async #endServer(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#server.child.kill(signal);
    await this.#server.child.ended;
    this.#server = await startAt(this.#namespace, this.#unixSocket);
    this.#footprints.push(new Footprint(this.#namespace.name, this.#server.child.pid));
  }
}

async function startAt(namespace: Namespace, unixSocket: string): Promise<VpnProcess> {
  const listen = ["--listen", `http://0.0.0.0:${UPSTREAM_PORT}`, "--listen", `unix:${unixSocket}`];
  return await startServer(namespace, [...listen, "--allow-anonymous", "--tap", TAP]);
}

async function freeze(process: { kill(signal: NodeJS.Signals): void }, lastMs: number): Promise<void> {
  process.kill("SIGSTOP");
  await delay(lastMs);
  process.kill("SIGCONT");
}

async function recovery(client: FaultyClient, kind: FaultKind): Promise<Recovery> {
  const recoveredMs = await client.untilFlowing(Date.now(), STUCK_MS);
  return { kind, mac: client.mac, recoveredMs };
}
