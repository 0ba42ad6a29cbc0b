/** A client of a cell: its namespace, its path to the server, its process that may die, and the traffic that must not. */
import { setTimeout as delay } from "node:timers/promises";
import type { Lab, Namespace } from "../namespace.ts";
import { TAP } from "../network.ts";
import { DIRECTION_DEFAULTS, type PathSettings } from "../path/direction-settings.ts";
import type { Path } from "../path/path.ts";
import { PingWatch } from "../ping-watch.ts";
import { startClient, type VpnProcess } from "../vpn.ts";
import type { ClientFault } from "./fault.ts";
import { Footprint } from "./footprint.ts";

export interface FaultyClientOptions {
  /** Counts from 0 in its cell. */
  readonly index: number;
  readonly name: string;
  readonly port: number;
  readonly path: PathSettings;
  readonly seed: number;
  readonly flags: readonly string[];
  /** Larger pings besides, 200 in a second, so that there is something to queue. */
  readonly isBusy: boolean;
}

/** Many programs begin at once. */
const STARTING = { timeoutMs: 60_000 };

/** The traffic that faults interrupt, and the proof that it flows again. */
const PING_SECONDS = 0.05;

const LOAD = ["ping", "-q", "-n", "-i", "0.005", "-s", "1200"];

/** Of the server's TAP. */
export const SERVER_ADDRESS = "10.78.0.1";
export const SERVER_MAC = "02:00:00:00:01:01";

/** Hosts that a roaming client takes, one after the other. */
const FIRST_HOST = 3;
const LAST_HOST = 250;

/** How long somebody keeps a connection open that says nothing sensible. */
const GARBAGE_MS = 300;

export class FaultyClient {
  readonly name: string;
  /** Of its TAP, which outlives its process. Upper case. */
  readonly mac: string;
  readonly #options: FaultyClientOptions;
  readonly #namespace: Namespace;
  readonly #path: Path;
  readonly #ping: PingWatch;
  readonly #footprints: Footprint[] = [];
  #vpn: VpnProcess;
  #host = FIRST_HOST;

  private constructor(namespace: Namespace, path: Path, mac: string, vpn: VpnProcess, options: FaultyClientOptions) {
    this.name = options.name;
    this.mac = mac;
    this.#namespace = namespace;
    this.#path = path;
    this.#vpn = vpn;
    this.#options = options;
    this.#ping = new PingWatch(namespace, SERVER_ADDRESS, PING_SECONDS);
    if (options.isBusy) namespace.start([...LOAD, SERVER_ADDRESS]);
    this.#footprints.push(new Footprint(this.name, vpn.child.pid));
  }

  static async open(lab: Lab, server: Namespace, options: FaultyClientOptions): Promise<FaultyClient> {
    const namespace = await lab.namespace(options.name);
    const path = await lab.path(namespace, server, options.path, { seed: options.seed });
    const mac = `02:00:00:00:01:${(options.index + 2).toString(16).padStart(2, "0")}`;
    const address = `10.78.0.${options.index + 2}`;
    await makeTap(namespace, mac, `${address}/24`);
    await knowNeighbour(namespace, SERVER_ADDRESS, SERVER_MAC);
    await knowNeighbour(server, address, mac);
    return new FaultyClient(namespace, path, mac.toUpperCase(), await startAt(namespace, path, options), options);
  }

  /** Resolves when the fault is over; from then on traffic has to come back. */
  async suffer(fault: ClientFault): Promise<void> {
    if ("settings" in fault) await this.#degrade(fault.settings, fault.lastMs);
    else if (fault.kind === "roam") await this.#roam();
    else if (fault.kind === "freeze") await this.#freeze(fault.lastMs);
    else if (fault.kind === "kill") await this.#die();
    else if (fault.kind === "garbage") await this.#sendGarbage(fault.bytes);
    else await this.#cut(fault.lastMs);
  }

  /** Waits for traffic that was sent after `sinceMs` of the wall clock; returns how long after it that was. */
  async untilFlowing(sinceMs: number, timeoutMs: number): Promise<number> {
    return await this.#ping.untilAnswered(sinceMs, timeoutMs, () => `${this.name}: ${this.#vpn.child.describe()}`);
  }

  /** Looks at what the process takes; throws if it is gone. */
  sample(): void {
    if (!this.#vpn.child.running) throw new Error(`${this.name} ended: ${this.#vpn.child.describe()}`);
    this.#footprints.at(-1)?.sample();
  }

  get footprints(): readonly Footprint[] {
    return this.#footprints;
  }

  async #cut(lastMs: number): Promise<void> {
    await this.#path.cut(lastMs);
    await delay(lastMs);
  }

  async #roam(): Promise<void> {
    this.#host = this.#host === LAST_HOST ? FIRST_HOST : this.#host + 1;
    await this.#path.changeAddress(0, this.#host);
  }

  async #degrade(settings: PathSettings, lastMs: number): Promise<void> {
    await this.#path.set(settings);
    await delay(lastMs);
    await this.#path.set({ ...DIRECTION_DEFAULTS, ...this.#options.path });
  }

  async #freeze(lastMs: number): Promise<void> {
    this.#vpn.child.kill("SIGSTOP");
    await delay(lastMs);
    this.#vpn.child.kill("SIGCONT");
  }

  async #die(): Promise<void> {
    this.#vpn.child.kill("SIGKILL");
    await this.#vpn.child.ended;
    this.#vpn = await startAt(this.#namespace, this.#path, this.#options);
    this.#footprints.push(new Footprint(this.name, this.#vpn.child.pid));
  }

  async #sendGarbage(bytes: string): Promise<void> {
    const target = `/dev/tcp/${this.#path.ipv4[1]}/${this.#options.port}`;
    const script = `exec 3<>${target} && base64 -d <<<"$0" >&3; read -r -t ${GARBAGE_MS / 1_000} -u 3 answer`;
    await this.#namespace.run(["bash", "-c", script, bytes], { allowFailure: true });
  }
}

/** A TAP that stays when the process at it dies, as an administrator would make it for a service. */
export async function makeTap(namespace: Namespace, mac: string, cidr: string): Promise<void> {
  await namespace.ip("tuntap", "add", "dev", TAP, "mode", "tap");
  await namespace.ip("link", "set", TAP, "address", mac, "up");
  await namespace.ip("address", "add", cidr, "dev", TAP);
}

/** For good: a kernel that has given up on a neighbour asks for it once a second only. */
async function knowNeighbour(namespace: Namespace, address: string, mac: string): Promise<void> {
  await namespace.ip("neigh", "replace", address, "lladdr", mac, "dev", TAP, "nud", "permanent");
}

async function startAt(namespace: Namespace, path: Path, { port, flags }: FaultyClientOptions): Promise<VpnProcess> {
  const argv = ["--tap", TAP, ...flags, `ws://${path.ipv4[1]}:${port}/vpn`];
  return await startClient(namespace, argv, { wait: STARTING });
}
