/**
 * A server under attack: a real one with every kind of listener and a TAP, two real clients that have nothing to do
 * with the attack, and what the server's process was like before it.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { makeCertificates } from "../../lab/certificates.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";
import { knock, openDoor } from "./door.ts";
import { RawConnection } from "./raw-connection.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

/** A plain http listener, an https listener from inside its TLS, and the unix listener, where a web server would be. */
export type Way = "http" | "https" | "unix";
export const WAYS: readonly Way[] = ["http", "https", "unix"];

/** What a process may have grown by once all is over: V8 does not give every page back at once. */
const GROWTH_BYTES = 64 * MEBIBYTE;

export class LiveServer {
  readonly vpn: VpnProcess;
  readonly #lab: Lab;
  readonly #hub: Namespace;
  readonly #clients: readonly [Namespace, Namespace];
  readonly #doors: Readonly<Record<Way, string>>;
  #descriptors = 0;
  #residentBytes = 0;

  private constructor(
    lab: Lab,
    vpn: VpnProcess,
    namespaces: readonly [hub: Namespace, ...clients: [Namespace, Namespace]],
    doors: Readonly<Record<Way, string>>,
  ) {
    const [hub, ...clients] = namespaces;
    this.#lab = lab;
    this.vpn = vpn;
    this.#hub = hub;
    this.#clients = clients;
    this.#doors = doors;
  }

  static async start(): Promise<LiveServer> {
    const lab = await Lab.open();
    const hub = await lab.namespace("server");
    const clients = [await lab.namespace("client1"), await lab.namespace("client2")] as const;
    const hosts = [(await lab.link(clients[0], hub)).ipv4[1], (await lab.link(clients[1], hub)).ipv4[1]];
    const { directory, server } = await makeCertificates(lab, { server: ["localhost"] });
    const unix = join(directory, "vpn.sock");
    const addresses = ["http://0.0.0.0:8080", "https://0.0.0.0:8443", `unix:${unix}`];
    const listen = ["--allow-anonymous", ...addresses.flatMap((address) => ["--listen", address])];
    const keys = ["--tls-cert", server.certificate, "--tls-key", server.key];
    const tap = ["--tap", TAP, "--address", "10.80.0.1/24"];
    const vpn = await startServer(hub, ["--log-level", "debug", ...listen, ...keys, ...tap]);
    for (const [index, namespace] of clients.entries()) {
      await startClient(namespace, [
        "--tap",
        TAP,
        "--address",
        `10.80.0.${index + 2}/24`,
        `ws://${hosts[index]}:8080/`,
      ]);
    }
    const doors = { http: await openDoor(lab, hub, 8080), https: await openDoor(lab, hub, 8443), unix };
    const live = new LiveServer(lab, vpn, [hub, ...clients], doors);
    await live.#rememberBaseline();
    return live;
  }

  /** How many the server has open now. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.vpn.child.pid}/fd`).length;
  }

  /** A raw connection; `https` is the plain text inside TLS. */
  async knock(way: Way): Promise<RawConnection> {
    const socket = knock(this.#doors[way]);
    if (way !== "https") return new RawConnection(socket);
    const secure = connectTls({ socket, rejectUnauthorized: false });
    await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    return new RawConnection(secure);
  }

  /** A raw connection to the https listener, without TLS. */
  knockBeforeTls(): RawConnection {
    return new RawConnection(knock(this.#doors.https));
  }

  /** The real clients still reach each other and the server, and nothing of the attack is left in the process. */
  async assertUnharmed(): Promise<void> {
    const [first, second] = this.#clients;
    await transferBothWays(first, second, "10.80.0.3", 4 * MEBIBYTE);
    await transferBothWays(first, this.#hub, "10.80.0.1", 4 * MEBIBYTE);
    const evidence = (): string => `${this.descriptors} descriptors, before: ${this.#descriptors}`;
    await waitFor("every descriptor to be closed", () => this.descriptors <= this.#descriptors, { evidence });
    const grownBytes = this.vpn.usage().residentBytes - this.#residentBytes;
    assert.ok(grownBytes < GROWTH_BYTES, `the server grew by ${grownBytes} bytes`);
    assert.equal(this.vpn.child.running, true);
    const { stderr } = this.vpn.child;
    assert.doesNotMatch(stderr, /"level":[56]0|internal|^\s+at |Unhandled|Warning/im);
  }

  close(): Promise<void> {
    return this.#lab.close();
  }

  /** After some traffic and some answers of each kind, so that buffers and code which are there for good are counted. */
  async #rememberBaseline(): Promise<void> {
    const [first, second] = this.#clients;
    await transferBothWays(first, second, "10.80.0.3", 32 * MEBIBYTE);
    this.#descriptors = this.descriptors;
    for (const way of WAYS) {
      const raw = await this.knock(way);
      raw.send("GET /healthz HTTP/1.1\r\nHost: vpn\r\n\r\n");
      assert.equal(await raw.status(), 200);
    }
    this.#residentBytes = this.vpn.usage().residentBytes;
  }
}
