/** A peer that has nothing to do with an attack, and pings the server through the VPN all the while. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../../lab/child.ts";
import type { Namespace } from "../../../lab/namespace.ts";
import { startClient, type VpnProcess } from "../../../lab/vpn.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type GateServer, SERVER_ADDRESS } from "./gate-server.ts";

const BYSTANDER = "bystander";
const ADDRESS = "10.81.0.99/24";
/** Two requests may be on their way when the answers are counted; more are lost. */
const IN_FLIGHT = 2;
/** Replies that must come after an attack, to show that the way is still open. */
const AFTERWARDS = 20;

export class Bystander {
  readonly vpn: VpnProcess;
  readonly #server: GateServer;
  readonly #ping: Child;

  private constructor(server: GateServer, vpn: VpnProcess, ping: Child) {
    this.#server = server;
    this.vpn = vpn;
    this.#ping = ping;
  }

  /** Joins with a token; the server must take tokens. */
  static async start(
    server: GateServer,
    namespace: Namespace,
    url: string,
    flags: readonly string[] = [],
  ): Promise<Bystander> {
    const file = join(server.directory, "bystander.token");
    writeFileSync(file, await server.token(BYSTANDER), { mode: 0o600 });
    const tap = ["--token-file", file, "--tap", "vpn0", "--address", ADDRESS];
    const vpn = await startClient(namespace, [...flags, ...tap, url]);
    const ping = namespace.start(["ping", "-n", "-i", "0.01", SERVER_ADDRESS]);
    const bystander = new Bystander(server, vpn, ping);
    await bystander.goesOn();
    return bystander;
  }

  /** No reply is missing up to now, and more of them come; the peer is the same that joined first. */
  async goesOn(): Promise<void> {
    const goal = this.#replies().length + AFTERWARDS;
    await this.#ping.waitUntil("more replies", () => this.#replies().length >= goal);
    const replies = this.#replies();
    assert.deepEqual(
      replies.slice(0, -IN_FLIGHT),
      [...replies.slice(0, -IN_FLIGHT).keys()].map((index) => index + 1),
    );
    const joins = this.#server.vpn.events("peer.joined").filter(({ user }) => user === BYSTANDER);
    assert.equal(joins.length, 1);
  }

  /** Ends the ping; every request that was sent was answered, those in flight aside. */
  async leave(): Promise<void> {
    await this.goesOn();
    this.#ping.kill("SIGINT");
    await waitFor("the end of the ping", () => !this.#ping.running);
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(this.#ping.stdout) ?? [];
    assert.ok(Number(received) >= Number(sent) - IN_FLIGHT, `${sent} sent, ${received} received`);
    await this.vpn.stop();
  }

  /** Their sequence numbers, in the order of arrival. */
  #replies(): readonly number[] {
    return [...this.#ping.stdout.matchAll(/ icmp_seq=(\d+) ttl=/g)].map((match) => Number(match[1]));
  }
}
