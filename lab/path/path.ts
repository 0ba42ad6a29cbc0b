/**
 * An emulated path between two namespaces: a `Link` whose cable is a process of ours, which carries each frame from one TAP
 * to the other with the rate, delay, loss and so on of its settings (path-process.ts). "Up" is from the first end to the second.
 */
import { fileURLToPath } from "node:url";
import type { Child } from "../child.ts";
import type { Link, LinkOptions, Namespace } from "../namespace.ts";
import { programArgv } from "../program-argv.ts";
import { DIRECTION_DEFAULTS, type PathSettings } from "./direction-settings.ts";
import type { PathCounters, PathOrder, PathReply } from "./path-message.ts";
import { PROFILES, type ProfileName } from "./profiles.ts";

const PROGRAM = fileURLToPath(new URL("path-process.ts", import.meta.url));

/** Frames between the kernel and the emulator: many, so that the emulator's own queue is the only one that is ever full. */
const TX_QUEUE_FRAMES = "5000";

/**
 * The emulator is the world: on a busy machine it goes before what is measured (without this, frames were late by a
 * millisecond on average beside two busy processes). Where that is not allowed it runs as any other.
 */
const REAL_TIME = ["sh", "-c", 'chrt --rr --pid 10 $$ 2>/dev/null; exec "$@"', "path"];

export interface PathOptions extends LinkOptions {
  /** Decides which frames are lost, doubled and so on; default 1. */
  readonly seed?: number;
}

/** First or second end. */
export type PathEnd = 0 | 1;

/** Made by `Lab.path`. */
export class Path implements Link {
  readonly device: readonly [string, string];
  readonly ipv4: [string, string];
  readonly ipv6: [string, string];
  readonly #namespaces: readonly [Namespace, Namespace];
  readonly #child: Child;
  readonly #waiting = new Map<number, (reply: PathReply) => void>();
  #requests = 0;

  private constructor(namespaces: readonly [Namespace, Namespace], link: Link) {
    this.#namespaces = namespaces;
    this.device = link.device;
    this.ipv4 = [...link.ipv4];
    this.ipv6 = [...link.ipv6];
    this.#child = namespaces[0].start([...REAL_TIME, ...programArgv(PROGRAM)], {
      onMessage: (message) => this.#onReply(message as PathReply),
    });
    void this.#child.ended.then(() => this.#failAll());
  }

  /** Makes the devices that `link` names, with its addresses, and joins them. */
  static async open(
    namespaces: readonly [Namespace, Namespace],
    link: Link,
    settings: ProfileName | PathSettings,
    { seed = 1, mtu = 1500 }: PathOptions,
  ): Promise<Path> {
    const path = new Path(namespaces, link);
    const opening = { devices: link.device, mtu, seed, settings: settingsOf(settings) };
    await path.#ask({ kind: "open", opening });
    await namespaces[0].ip("link", "set", link.device[1], "netns", namespaces[1].name);
    await Promise.all([path.#raise(0), path.#raise(1)]);
    return path;
  }

  /** Changes settings while frames are under way: those that are named, or by a profile all. */
  async set(settings: ProfileName | PathSettings): Promise<void> {
    await this.#ask({ kind: "set", settings: settingsOf(settings) });
  }

  /** Cuts both directions for this long from now; 0 mends it at once. Returns at once. */
  async cut(lengthMs: number): Promise<void> {
    await this.#ask({ kind: "cut", lengthMs });
  }

  async counters(): Promise<PathCounters> {
    const { counters } = await this.#ask({ kind: "counters" });
    if (counters === undefined) throw new Error("the path gave no counters");
    return counters;
  }

  /**
   * Gives one end other addresses (the last part of both, 3 to 254) in place of those it has, as when a client roams to
   * another network: connections from the old ones are cut off without a word. Routes over the device are kept.
   */
  async changeAddress(end: PathEnd, host: number): Promise<void> {
    const namespace = this.#namespaces[end];
    const device = this.device[end];
    const routes = await this.#routesOf(end);
    const ipv4 = this.ipv4[end].replace(/\d+$/, String(host));
    const ipv6 = this.ipv6[end].replace(/[\da-f]+$/, host.toString(16));
    await namespace.ip("address", "delete", `${this.ipv4[end]}/24`, "dev", device);
    await namespace.ip("address", "delete", `${this.ipv6[end]}/64`, "dev", device);
    this.ipv4[end] = ipv4;
    this.ipv6[end] = ipv6;
    await this.#setAddresses(end);
    for (const route of routes) await namespace.ip("route", "replace", ...route, "dev", device);
  }

  /** Ends the process; both devices vanish with it. Also done by `Lab.close`. */
  async close(): Promise<void> {
    await this.#child.stop();
  }

  async #raise(end: PathEnd): Promise<void> {
    await this.#namespaces[end].ip("link", "set", this.device[end], "txqueuelen", TX_QUEUE_FRAMES);
    await this.#setAddresses(end);
  }

  async #setAddresses(end: PathEnd): Promise<void> {
    await this.#namespaces[end].setAddress(this.device[end], `${this.ipv4[end]}/24`);
    await this.#namespaces[end].setAddress(this.device[end], `${this.ipv6[end]}/64`);
  }

  /** IPv4 routes over the device that somebody made, in words for `ip route`; the kernel's own come and go with addresses. */
  async #routesOf(end: PathEnd): Promise<readonly (readonly string[])[]> {
    const text = await this.#namespaces[end].ip("-4", "route", "show", "dev", this.device[end]);
    const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.includes("proto kernel"));
    return lines.map((line) =>
      line
        .replace(/ (src \S+|linkdown)/g, "")
        .trim()
        .split(/\s+/),
    );
  }

  async #ask(order: PathOrder): Promise<PathReply> {
    const id = ++this.#requests;
    const reply = await new Promise<PathReply>((resolve) => {
      this.#waiting.set(id, resolve);
      if (!this.#child.running) this.#failAll();
      else this.#child.send({ id, order });
    });
    if (reply.error !== undefined) throw new Error(`${this.device[0]}: ${reply.error}`);
    return reply;
  }

  #onReply(reply: PathReply): void {
    this.#waiting.get(reply.id)?.(reply);
    this.#waiting.delete(reply.id);
  }

  #failAll(): void {
    for (const [id, answer] of this.#waiting) answer({ id, error: `its process ended:\n${this.#child.describe()}` });
    this.#waiting.clear();
  }
}

function settingsOf(settings: ProfileName | PathSettings): PathSettings {
  return typeof settings === "string" ? { ...DIRECTION_DEFAULTS, ...PROFILES[settings] } : settings;
}
