/**
 * The lab's ground: network namespaces joined by veth pairs, and the processes in them.
 *
 *   Lab ──makes──► Namespace (own loopback, devices, addresses) ──starts──► Child
 *    └─ links two namespaces: veth pair or emulated path (path/), 10.77.L.1/24 + fd77:L::1/64 on the first, .2 and ::2 on
 *       the second
 *
 * Nothing of it exists outside the namespaces, and every name carries the process id of its maker. `close()` ends what
 * was started and removes what was made; it also runs on SIGINT and SIGTERM and, by force, when the process exits in
 * any other way. What a killed process left behind is removed by the next lab, which sees that its maker is gone.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { Child, type ChildOptions, type Finished, run } from "./child.ts";
import type { PathSettings } from "./path/direction-settings.ts";
import { Path, type PathOptions } from "./path/path.ts";
import type { ProfileName } from "./path/profiles.ts";
import { type WaitOptions, waitFor } from "./wait.ts";

const PREFIX = "vpnws-lab";
const NAMES_DIRECTORY = "/run/netns";

/** The two ends of a veth pair, in the order of `Lab.link`'s arguments. */
export interface Link {
  readonly device: readonly [string, string];
  readonly ipv4: readonly [string, string];
  readonly ipv6: readonly [string, string];
}

export interface LabOptions {
  /** What `Lab.link` joins namespaces by: an emulated path with this profile instead of a veth pair. */
  readonly cable?: ProfileName;
}

export interface LinkOptions {
  /** MTU of the veth pair in bytes; default 1500. */
  readonly mtu?: number;
}

/** One network namespace; made by `Lab.namespace`. */
export class Namespace {
  /** As `ip netns` knows it. */
  readonly name: string;
  readonly #adopt: (child: Child) => void;

  constructor(name: string, adopt: (child: Child) => void) {
    this.name = name;
    this.#adopt = adopt;
  }

  /** Starts a command in the namespace; it is ended with the lab at the latest. */
  start(argv: readonly string[], options: ChildOptions = {}): Child {
    const child = new Child(["ip", "netns", "exec", this.name, ...argv], options);
    this.#adopt(child);
    return child;
  }

  /** Runs a command to its end; a status other than 0 is an error, unless `allowFailure`. */
  async run(
    argv: readonly string[],
    options: ChildOptions & { readonly allowFailure?: boolean } = {},
  ): Promise<Finished> {
    const child = this.start(argv, options);
    const finished = await child.ended;
    if (finished.status !== 0 && options.allowFailure !== true) throw new Error(`failed: ${child.describe()}`);
    return finished;
  }

  /** `ip ARGUMENTS` on this namespace, e.g. `ip("link", "set", "tap0", "up")`. */
  async ip(...argv: readonly string[]): Promise<string> {
    return (await run(["ip", "-n", this.name, ...argv])).stdout;
  }

  /** Waits until a device is there. */
  async waitForDevice(device: string, options: WaitOptions = {}): Promise<void> {
    await waitFor(
      `device ${device} in ${this.name}`,
      async () => (await this.ip("-o", "link", "show", "dev", device)).includes(device),
      options,
    );
  }

  /** Frames that have gone through a device, both ways; a super-frame is one. */
  async countFrames(device: string): Promise<number> {
    const directory = `/sys/class/net/${device}/statistics`;
    const { stdout } = await this.run(["cat", `${directory}/rx_packets`, `${directory}/tx_packets`]);
    return stdout
      .trim()
      .split("\n")
      .map(Number)
      .reduce((sum, frames) => sum + frames, 0);
  }

  /** Waits until something listens on a TCP port. */
  async waitForTcpPort(port: number, options: WaitOptions = {}): Promise<void> {
    const listening = async (): Promise<boolean> =>
      (await this.run(["ss", "-Hltn", `sport = :${port}`])).stdout.trim() !== "";
    await waitFor(`a listener on TCP port ${port} in ${this.name}`, listening, options);
  }

  /** Gives a device an address (`10.78.0.1/24`, `fd78::1/64`) and brings it up. IPv6 works at once: no duplicate detection. */
  async setAddress(device: string, cidr: string): Promise<void> {
    await this.ip("address", "replace", cidr, "dev", device, ...(cidr.includes(":") ? ["nodad"] : []));
    await this.ip("link", "set", device, "up");
  }
}

/** All that one demo, test file or measurement has standing; always `close()` it. */
export class Lab {
  static #counter = 0;
  readonly #namespaces: Namespace[] = [];
  readonly #children = new Set<Child>();
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  #links = 0;
  readonly #cable: ProfileName | undefined;
  #closing: Promise<void> | undefined;

  constructor({ cable }: LabOptions = {}) {
    this.#cable = cable;
  }

  /** Checks that it can work here (root, Linux) and removes what dead labs left behind. */
  static async open(options: LabOptions = {}): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new Error("the lab needs root: it makes network namespaces and TAP devices");
    await removeStaleNamespaces();
    const lab = new Lab(options);
    openLabs.add(lab);
    closeOnSignals();
    return lab;
  }

  /** A new namespace with its loopback up; `label` is for people who look at `ip netns`. */
  async namespace(label: string): Promise<Namespace> {
    Lab.#counter += 1;
    const namespace = new Namespace(`${PREFIX}-${process.pid}-${Lab.#counter}-${label}`, (child) => this.#adopt(child));
    this.#namespaces.push(namespace);
    await run(["ip", "netns", "add", namespace.name]);
    await namespace.ip("link", "set", "lo", "up");
    return namespace;
  }

  /** Joins two namespaces by a veth pair (or the lab's cable) with IPv4 and IPv6 addresses that no other link of this lab has. */
  async link(first: Namespace, second: Namespace, options: LinkOptions = {}): Promise<Link> {
    if (this.#cable !== undefined) return this.path(first, second, this.#cable, options);
    const link = this.#nextLink("veth");
    const mtu = String(options.mtu ?? 1500);
    const left = ["name", link.device[0], "mtu", mtu];
    const right = ["name", link.device[1], "mtu", mtu, "netns", second.name];
    await first.ip("link", "add", ...left, "type", "veth", "peer", ...right);
    const ends = [first, second].map(async (namespace, end) => {
      await namespace.setAddress(link.device[end] ?? "", `${link.ipv4[end]}/24`);
      await namespace.setAddress(link.device[end] ?? "", `${link.ipv6[end]}/64`);
    });
    await Promise.all(ends);
    return link;
  }

  /** The same by an emulated path, with a profile's or other settings; "up" is from the first to the second. */
  async path(
    first: Namespace,
    second: Namespace,
    settings: ProfileName | PathSettings,
    options: PathOptions = {},
  ): Promise<Path> {
    return Path.open([first, second], this.#nextLink("path"), settings, options);
  }

  #nextLink(kind: "veth" | "path"): Link {
    const index = this.#links++;
    const network = `fd77:0:0:${index.toString(16)}`;
    return {
      device: [`${kind}${index}a`, `${kind}${index}b`],
      ipv4: [`10.77.${index}.1`, `10.77.${index}.2`],
      ipv6: [`${network}::1`, `${network}::2`],
    };
  }

  /** Also done by `close()`, after the children have ended: remove a directory, close a socket. */
  onClose(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  /** True once `close()` was called, by us or on a signal: what fails from then on fails because of it. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Ends every child, removes every namespace, runs the clean-ups in reverse order. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()));
    for (const namespace of this.#namespaces) {
      await run(["ip", "netns", "delete", namespace.name], { allowFailure: true });
    }
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    openLabs.delete(this);
  }

  /** For the last moment of a process, when nothing can be awaited any more. */
  closeByForce(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const { name } of this.#namespaces) {
      try {
        execFileSync("ip", ["netns", "delete", name], { stdio: "ignore" });
      } catch {
        // It had not been made yet.
      }
    }
    for (const cleanup of this.#cleanups.reverse()) void cleanup();
  }

  #adopt(child: Child): void {
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
  }
}

const openLabs = new Set<Lab>();
let watchesSignals = false;

function closeOnSignals(): void {
  if (watchesSignals) return;
  watchesSignals = true;
  const signals = [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const;
  for (const [signal, status] of signals) {
    process.once(signal, () => {
      void Promise.allSettled([...openLabs].map((lab) => lab.close())).then(() => process.exit(status));
    });
  }
  process.once("exit", () => {
    for (const lab of openLabs) lab.closeByForce();
  });
}

/** Maker's process id of a namespace of ours, or undefined for anybody else's. */
export function makerOf(namespaceName: string): number | undefined {
  const match = /^vpnws-lab-(\d+)-\d+-/.exec(namespaceName);
  return match === null ? undefined : Number(match[1]);
}

async function removeStaleNamespaces(): Promise<void> {
  for (const name of listNamespaces()) {
    const maker = makerOf(name);
    if (maker === undefined || isAlive(maker)) continue;
    const left = await run(["ip", "netns", "pids", name], { allowFailure: true });
    for (const pid of left.stdout.split("\n").map(Number).filter(isAlive)) process.kill(pid, "SIGKILL");
    await run(["ip", "netns", "delete", name], { allowFailure: true });
  }
}

function listNamespaces(): readonly string[] {
  try {
    return readdirSync(NAMES_DIRECTORY);
  } catch {
    return []; // No namespace was ever made on this machine.
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
