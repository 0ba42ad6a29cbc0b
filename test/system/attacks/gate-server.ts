/** A server with a configuration file, in a namespace of its own, and what its log says of who came and who was refused. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../lab/child.ts";
import type { Lab, Namespace } from "../../../lab/namespace.ts";
import { type LogEvent, SERVER_BINARY, startServer, type VpnProcess } from "../../../lab/vpn.ts";
import { Gate } from "./gate.ts";

export type Configuration = Readonly<Record<string, unknown>>;

/** The inner network of each of these servers. */
export const NETWORKS = { office: { path: "/", tap: "vpn0", addresses: ["10.81.0.1/24"] } } as const;
export const SERVER_ADDRESS = "10.81.0.1";

/** Other users of this machine may enter it, as they may enter /run: what is secret lies in folders inside. */
export function makeDirectory(lab: Lab): string {
  const directory = mkdtempSync(join(tmpdir(), "vpnws-gate-server-"));
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  return directory;
}

export class GateServer {
  readonly vpn: VpnProcess;
  readonly namespace: Namespace;
  readonly directory: string;
  /** From the server's own machine. */
  readonly gate: Gate;
  #seen = 0;

  private constructor(vpn: VpnProcess, namespace: Namespace, directory: string, gate: Gate) {
    this.vpn = vpn;
    this.namespace = namespace;
    this.directory = directory;
    this.gate = gate;
  }

  /** `directory` holds what the configuration names; `state` in it is the state directory. */
  static async start(
    lab: Lab,
    namespace: Namespace,
    directory: string,
    configuration: Configuration,
  ): Promise<GateServer> {
    const file = join(directory, "server.yaml");
    writeConfiguration(file, configuration);
    const flags = ["--config", file, "--state-dir", join(directory, "state"), "--log-level", "debug"];
    const [vpn, gate] = await Promise.all([startServer(namespace, flags), Gate.open(lab, namespace)]);
    return new GateServer(vpn, namespace, directory, gate);
  }

  /** Puts another configuration in the old one's place, as an editor does. */
  configure(configuration: Configuration | string): void {
    writeConfiguration(join(this.directory, "server.yaml"), configuration);
  }

  /** Runs `vpn-ws NAME … --state-dir` on this server's state; gives what it writes to standard output. */
  async operate(...argv: readonly string[]): Promise<string> {
    return operate(this.directory, ...argv);
  }

  token(user: string, ...flags: readonly string[]): Promise<string> {
    return this.operate("token", "create", user, ...(flags.includes("--expires") ? [] : ["--expires", "1d"]), ...flags);
  }

  /** The refusal that follows those asserted before says just this. */
  async assertRefused(expected: Readonly<Record<string, unknown>>): Promise<void> {
    this.#seen += 1;
    this.#assertSays(await this.vpn.waitForEvent("access.refused", this.#seen), expected);
  }

  /** How many there were; those up to now are not asserted. */
  skipRefusals(): number {
    this.#seen = this.vpn.events("access.refused").length;
    return this.#seen;
  }

  /** Waits for the newest `peer.joined` of a user by a method. */
  async joined(user: string, method: string): Promise<LogEvent> {
    const find = (): LogEvent | undefined =>
      this.vpn.events("peer.joined").findLast((event) => event.user === user && event.method === method);
    return this.vpn.child.waitUntil(`${user} to join by ${method}`, find);
  }

  /** Waits until the peer of this `peer.joined` was cut for a reason, and gives when the log says so, Unix milliseconds. */
  async ended({ peer }: LogEvent, reason: string): Promise<number> {
    const find = (): LogEvent | undefined => this.vpn.events("access.ended").find((event) => event.peer === peer);
    const event = await this.vpn.child.waitUntil(`peer ${String(peer)} to be cut`, find);
    this.#assertSays(event, { reason });
    return Date.parse(String(event.time));
  }

  #assertSays(event: LogEvent, expected: Readonly<Record<string, unknown>>): void {
    const said = Object.fromEntries(Object.keys(expected).map((key) => [key, event[key]]));
    assert.deepEqual(said, expected);
  }
}

export async function operate(directory: string, ...argv: readonly string[]): Promise<string> {
  const words = [process.execPath, SERVER_BINARY, ...argv, "--state-dir", join(directory, "state")];
  return (await run(words)).stdout.trim();
}

/** JSON is YAML. The file appears whole, so that no half of it is ever read. */
function writeConfiguration(file: string, configuration: Configuration | string): void {
  const text = typeof configuration === "string" ? configuration : JSON.stringify(configuration, undefined, 2);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
