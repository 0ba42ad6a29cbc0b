/**
 * Where attacks on the network take place: a server with a configuration file, and peers that are users of their own.
 * Alice and Bob are real clients, bystanders whose traffic goes on; an attacker is a `Forger`, or a real client with real
 * programs where frames by hand would prove less.
 *
 *     alice  vpn0 10.80.0.2 ── cable ──┐
 *     bob    vpn0 10.80.0.3 ── cable ──┼── server  vpn0 10.80.0.1
 *     mallory: forger ── unix socket ──┘
 */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lab, type Namespace } from "../../../lab/namespace.ts";
import { TAP } from "../../../lab/network.ts";
import { type LogEvent, startClient, startServer, type VpnProcess } from "../../../lab/vpn.ts";
import { waitFor } from "../../../lab/wait.ts";
import { Bystanders } from "./bystanders.ts";
import { Forger, type ForgerOptions } from "./forger.ts";
import { authFileLine, htpasswdLine } from "./passwords.ts";

const PORT = 8080;

/** A host of the network. */
export interface Host {
  readonly namespace: Namespace;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Client extends Host {
  readonly vpn: VpnProcess;
}

/** Where clients can be started. */
export interface Site {
  readonly namespace: Namespace;
  /** What they dial. */
  readonly url: string;
}

export interface ArenaOptions {
  /** Users beside Alice, Bob and Mallory, with their rules in the spelling of the configuration file. */
  readonly users?: Readonly<Record<string, object>>;
  readonly guard?: object | "off";
  /** Networks beside `office`. */
  readonly networks?: Readonly<Record<string, object>>;
}

export class Arena {
  readonly lab: Lab;
  readonly server: Client;
  alice!: Client;
  bob!: Client;
  bystanders!: Bystanders;
  /** For files of the test; removed with the arena. */
  readonly directory: string;
  /** Their numbers in the server's log. */
  readonly #peers = new Map<Forger, unknown>();
  #hosts = 1;

  private constructor(lab: Lab, directory: string, server: Client) {
    this.lab = lab;
    this.directory = directory;
    this.server = server;
  }

  static async open(options: ArenaOptions = {}): Promise<Arena> {
    const lab = await Lab.open();
    try {
      const arena = new Arena(lab, ...(await startArenaServer(lab, options)));
      [arena.alice, arena.bob] = await Promise.all([arena.addClient("alice"), arena.addClient("bob")]);
      const { server, alice, bob } = arena;
      arena.bystanders = await Bystanders.start([
        [alice.namespace, bob.ipv4],
        [alice.namespace, server.ipv4],
        [bob.namespace, alice.ipv6],
        [bob.namespace, server.ipv6],
      ]);
      return arena;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  /** A namespace with a cable to the server. */
  async addSite(label: string): Promise<Site> {
    const namespace = await this.lab.namespace(label);
    const { ipv4 } = await this.lab.link(namespace, this.server.namespace);
    return { namespace, url: `ws://${ipv4[1]}:${PORT}/office` };
  }

  /** A real client of this user; more than one may be at a site. */
  connect({ namespace, url }: Site, user: string, ...flags: readonly string[]): Promise<VpnProcess> {
    const auth = this.file(`${user}.auth`, authFileLine(user));
    return startClient(namespace, ["--auth-file", auth, ...flags, url]);
  }

  /** A real client of this user at a site of its own, with the next addresses on its TAP. */
  async addClient(user: string): Promise<Client> {
    this.#hosts += 1;
    const address = addressOf(this.#hosts);
    const site = await this.addSite(user);
    const vpn = await this.connect(site, user, "--tap", TAP, ...cidrFlags(address));
    return { namespace: site.namespace, vpn, mac: await macOf(site.namespace), ...address };
  }

  /** An attacker, in the office unless it says otherwise. */
  async join(options: ForgerOptions): Promise<Forger> {
    const { user } = options;
    const before = this.#sessionsOf(user).length;
    const answer = await this.#ask(options);
    assert.ok(typeof answer !== "number", `${user} was refused with ${answer}`);
    // The log comes by another way than the answer.
    await waitFor(`${user} in the log`, () => this.#sessionsOf(user).length > before);
    this.#peers.set(answer, this.#sessionsOf(user).at(-1));
    return answer;
  }

  /** Status and reason of a refusal. */
  async refusal(options: ForgerOptions): Promise<readonly [status: number, reason: unknown]> {
    const before = this.server.vpn.events("access.refused").length;
    const status = await this.#ask(options);
    assert.ok(typeof status === "number", `${options.user} got in`);
    const { reason, user } = await this.server.vpn.waitForEvent("access.refused", before + 1);
    assert.equal(user, options.user);
    return [status, reason];
  }

  /** What the server has said so far of the frames that the newest session of this user lost, by reason. */
  drops(user: string): Readonly<Record<string, number>> {
    const { vpn } = this.server;
    const peer = this.#sessionsOf(user).at(-1);
    const sums: Record<string, number> = {};
    for (const event of vpn.events("guard.dropped").filter((dropped) => dropped.peer === peer)) {
      for (const [reason, frames] of Object.entries(event.drops as Record<string, number>)) {
        sums[reason] = (sums[reason] ?? 0) + frames;
      }
    }
    return sums;
  }

  /** Waits until the server has said that the newest session of this user lost frames for each of these reasons. */
  async untilDropped(user: string, ...reasons: readonly string[]): Promise<void> {
    const evidence = (): string => `${user} lost ${JSON.stringify(this.drops(user))}`;
    const isSaid = (): boolean => reasons.every((reason) => (this.drops(user)[reason] ?? 0) > 0);
    await waitFor(`drops of ${user}: ${reasons}`, isSaid, { evidence, timeoutMs: 15_000 });
  }

  /**
   * Has the attacker leave, whereupon the server says what it has not said yet of its drops. Fails unless frames were
   * lost for each of these reasons. Then what got through has arrived too: bystanders' replies came behind it.
   */
  async endAttack(forger: Forger, ...reasons: readonly string[]): Promise<void> {
    const { user } = forger.options;
    forger.leave();
    await this.untilLogged("peer.left", { peer: this.#peers.get(forger) });
    const drops = this.drops(user);
    for (const reason of reasons) assert.ok((drops[reason] ?? 0) > 0, `${user} lost ${JSON.stringify(drops)}`);
    await this.bystanders.untilAllGoOn();
  }

  /** Waits until every session of this user has ended. */
  async untilLeft(user: string): Promise<void> {
    const { vpn } = this.server;
    const left = (): ReadonlySet<unknown> => new Set(vpn.events("peer.left").map(({ peer }) => peer));
    await vpn.child.waitUntil(`${user} to leave`, () => this.#sessionsOf(user).every((peer) => left().has(peer)));
  }

  /** Waits for an event of the server's log that fits. */
  async untilLogged(name: string, fields: Readonly<Record<string, unknown>>): Promise<LogEvent> {
    const { vpn } = this.server;
    const fits = (event: LogEvent): boolean => Object.entries(fields).every(([key, value]) => event[key] === value);
    return vpn.child.waitUntil(`${name} ${JSON.stringify(fields)}`, () => vpn.events(name).find(fits));
  }

  /** Writes a file of mode 0600; returns its path. */
  file(name: string, content: string): string {
    return writeSecret(this.directory, name, content);
  }

  /** A unix socket of the server's. */
  get socket(): string {
    return socketIn(this.directory);
  }

  /** Numbers of a user's peers so far, those that left too. */
  #sessionsOf(user: string): readonly unknown[] {
    const joined = this.server.vpn.events("peer.joined").filter((event) => event.user === user);
    return joined.map(({ peer }) => peer);
  }

  async #ask(options: ForgerOptions): Promise<Forger | number> {
    const answer = await Forger.ask(this.socket, options);
    if (typeof answer !== "number") this.lab.onClose(() => answer.close());
    return answer;
  }
}

async function startArenaServer(lab: Lab, options: ArenaOptions): Promise<[directory: string, server: Client]> {
  const directory = mkdtempSync(join(tmpdir(), "vpnws-arena-"));
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  const users = { alice: {}, bob: {}, mallory: {}, ...options.users };
  writeSecret(directory, "htpasswd", Object.keys(users).map(htpasswdLine).join(""));
  const config = writeSecret(directory, "server.yaml", JSON.stringify(configOf(directory, users, options)));
  const namespace = await lab.namespace("server");
  const vpn = await startServer(namespace, ["--config", config]);
  return [directory, { namespace, vpn, mac: await macOf(namespace), ...addressOf(1) }];
}

/** JSON is YAML. */
function configOf(directory: string, users: object, { guard = {}, networks = {} }: ArenaOptions): object {
  const { ipv4, ipv6 } = addressOf(1);
  return {
    listen: [`http://0.0.0.0:${PORT}`, `unix:${socketIn(directory)}`],
    state_dir: join(directory, "state"),
    authentication: [{ kind: "htpasswd", file: "htpasswd" }],
    networks: { office: { tap: TAP, addresses: [`${ipv4}/24`, `${ipv6}/64`] }, ...networks },
    defaults: { networks: ["office"] },
    users,
    guard,
  };
}

function socketIn(directory: string): string {
  return join(directory, "vpn.sock");
}

function writeSecret(directory: string, name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, 0o600);
  return path;
}

function addressOf(host: number): { ipv4: string; ipv6: string } {
  return { ipv4: `10.80.0.${host}`, ipv6: `fd80::${host.toString(16)}` };
}

function cidrFlags({ ipv4, ipv6 }: { ipv4: string; ipv6: string }): string[] {
  return ["--address", `${ipv4}/24`, "--address", `${ipv6}/64`];
}

async function macOf(namespace: Namespace): Promise<string> {
  return /link\/ether (\S+)/.exec(await namespace.ip("link", "show", TAP))?.[1] ?? "none";
}
