/**
 * Where attacks on a server's resources take place: a crowd that has 65,536 IPv4 addresses and a /64 of IPv6 of its own, a
 * bystander whose pings go on, and a newcomer who joins while the attack is on.
 *
 *     bystander  vpn0 10.80.0.2 ── cable ──┐
 *     newcomer   vpn0 10.80.0.3 ── cable ──┼── server  vpn0 10.80.0.1: http 8080, https 8443, uwsgi 8081
 *     crowd 10.99.0.0/16, fd99::/64 ───────┘
 */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates } from "../../../lab/certificates.ts";
import { run } from "../../../lab/child.ts";
import { Lab, type Namespace } from "../../../lab/namespace.ts";
import { TAP } from "../../../lab/network.ts";
import { type LogEvent, SERVER_BINARY, startClient, VpnProcess } from "../../../lab/vpn.ts";
import { waitFor } from "../../../lab/wait.ts";
import { MEBIBYTE, transferBothWays } from "../transfer.ts";
import { Bystanders } from "./bystanders.ts";
import { Crowd, type CrowdOrder } from "./crowd.ts";
import { Gate } from "./gate.ts";

const PORTS = { http: 8080, https: 8443, uwsgi: 8081 } as const;
type Door = keyof typeof PORTS;

const SERVER = "10.80.0.1";
const BYSTANDER = "10.80.0.2";
const NEWCOMER = "10.80.0.3";
/** A newcomer's pings: enough to see that it is in. */
const PINGS = 3;

interface FloodSiteOptions {
  /** Most files that the server may have open; default what this process may. */
  readonly descriptors?: number;
}

/** What a crowd does, wherever it does it from. */
export type CrowdPlan = Omit<CrowdOrder, "host" | "port" | "sources"> & {
  readonly door: Door;
  /** How many IPv4 addresses it comes from, or the IPv6 network. */
  readonly from: number | "a /64";
};

interface Parts {
  readonly lab: Lab;
  readonly server: VpnProcess;
  readonly gate: Gate;
  readonly hub: Namespace;
  readonly bystander: Namespace;
  readonly crowd: Namespace;
  readonly newcomer: { readonly namespace: Namespace; readonly url: string };
  /** The server's addresses, as the crowd sees it. */
  readonly hosts: { readonly ipv4: string; readonly ipv6: string };
  readonly bystanders: Bystanders;
}

export class FloodSite {
  readonly server: VpnProcess;
  /** For a single connection from the crowd's namespace. */
  readonly gate: Gate;
  readonly #parts: Parts;
  readonly #descriptors: number;
  readonly #residentBytes: number;
  /** When the newest attack began, as the log writes it. */
  #since = "";
  #lastVisit: Promise<void> = Promise.resolve();

  private constructor(parts: Parts) {
    this.server = parts.server;
    this.gate = parts.gate;
    this.#parts = parts;
    this.#descriptors = this.descriptors;
    this.#residentBytes = parts.server.usage().residentBytes;
  }

  static async open(options: FloodSiteOptions = {}): Promise<FloodSite> {
    const lab = await Lab.open();
    try {
      const [hub, bystander, newcomer, crowd] = await Promise.all(
        ["server", "bystander", "newcomer", "crowd"].map((label) => lab.namespace(label)),
      );
      assert.ok(hub && bystander && newcomer && crowd);
      const server = await startFloodedServer(lab, hub, options);
      const urls = [];
      for (const namespace of [bystander, newcomer]) {
        urls.push(`ws://${(await lab.link(namespace, hub)).ipv4[1]}:${PORTS.http}/`);
      }
      const hosts = await linkCrowd(lab, crowd, hub);
      const [bystanderUrl = "", newcomerUrl = ""] = urls;
      await startClient(bystander, ["--tap", TAP, "--address", `${BYSTANDER}/24`, bystanderUrl]);
      const bystanders = await Bystanders.start([
        [bystander, SERVER],
        [hub, BYSTANDER],
      ]);
      const gate = await Gate.open(lab, crowd);
      const site = {
        lab,
        server,
        gate,
        hub,
        bystander,
        crowd,
        newcomer: { namespace: newcomer, url: newcomerUrl },
        hosts,
        bystanders,
      };
      return new FloodSite(site);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#parts.lab.close();
  }

  /** How many the server has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.server.child.pid}/fd`).length;
  }

  /** Takes away from the running server what it may have open, or gives it back. */
  async limitDescriptors(count: number): Promise<void> {
    await run(["prlimit", `--pid=${this.server.child.pid}`, `--nofile=${count}:`]);
  }

  /** Resident bytes more than before all attacks. */
  get growthBytes(): number {
    return this.server.usage().residentBytes - this.#residentBytes;
  }

  /** Where a single connection goes to, from one of the crowd's addresses. */
  destination(door: Door): { host: string; port: number; localAddress: string } {
    return { host: this.#parts.hosts.ipv4, port: PORTS[door], localAddress: crowdAddress(0) };
  }

  /**
   * Does something during which no bystander loses a reply, somebody joins, and the server never grows by more than so
   * much; afterwards it has let go of everything.
   */
  async withstands(growthMebibytes: number, attack: () => Promise<void>): Promise<void> {
    // "5" sets the peak to what is resident now (proc_pid_clear_refs(5)).
    writeFileSync(`/proc/${this.server.child.pid}/clear_refs`, "5");
    this.#since = new Date().toISOString();
    await this.#parts.bystanders.during(attack);
    const evidence = (): string => `${this.descriptors} descriptors, before: ${this.#descriptors}`;
    const isLetGo = (): boolean => this.descriptors <= this.#descriptors;
    await waitFor("every descriptor to be closed", isLetGo, { evidence });
    const grownMebibytes = Math.round((this.server.usage().peakResidentBytes - this.#residentBytes) / MEBIBYTE);
    assert.ok(grownMebibytes < growthMebibytes, `the server grew by ${grownMebibytes} MiB`);
    assert.equal(this.server.child.running, true);
    assert.doesNotMatch(this.server.child.stderr, /"level":[56]0|internal|^\s+at |Unhandled/im);
  }

  /** Lets a crowd attack for as long as `watch` takes, while somebody joins. */
  async withstandsCrowd(
    plan: CrowdPlan,
    growthMebibytes: number,
    watch: (crowd: Crowd) => Promise<void>,
  ): Promise<void> {
    await this.withstands(growthMebibytes, async () => {
      const crowd = this.gather(plan);
      try {
        await crowd.until("the crowd", ({ connected }) => connected > 0);
        await Promise.all([this.newcomerJoins(), watch(crowd)]);
      } finally {
        await crowd.stop();
      }
    });
  }

  gather({ door, from, ...order }: CrowdPlan): Crowd {
    const isIpv4 = typeof from === "number";
    const sources = isIpv4
      ? Array.from({ length: from }, (_, index) => crowdAddress(index))
      : Array.from({ length: 256 }, (_, index) => `fd99::${index.toString(16)}:1`);
    const host = isIpv4 ? this.#parts.hosts.ipv4 : this.#parts.hosts.ipv6;
    return new Crowd(this.#parts.crowd, { ...order, host, port: PORTS[door], sources });
  }

  /** A real client comes, reaches the server through the VPN, and goes; then the next one may come: they have one TAP. */
  newcomerJoins(): Promise<void> {
    const visit = this.#lastVisit.then(() => this.#visit());
    this.#lastVisit = visit.catch(() => undefined);
    return visit;
  }

  async #visit(): Promise<void> {
    const { namespace, url } = this.#parts.newcomer;
    const flags = ["--tap", TAP, "--address", `${NEWCOMER}/24`];
    const vpn = await startClient(namespace, [...flags, url]);
    try {
      // ping(8) asks again until so many answers came, and fails after the deadline.
      await namespace.run(["ping", "-n", "-i", "0.01", "-c", String(PINGS), "-w", "5", SERVER]);
    } finally {
      await vpn.stop();
    }
  }

  /** The bystander and the server send each other so much, and all of it arrives. */
  async bystanderTransfers(bytes: number): Promise<void> {
    await transferBothWays(this.#parts.bystander, this.#parts.hub, SERVER, bytes);
  }

  /** Handshakes that were refused for this reason since the attack began. */
  refusals(reason: string): number {
    return this.server.events("listener.refused").filter((event) => event.reason === reason && this.#isNew(event))
      .length;
  }

  /** Peers that are here, the bystander included: the log has had enough of a crowd from one address after a while. */
  async peersHere(): Promise<number> {
    const { body, socket } = await this.#parts.gate.ask(this.destination("http"), {}, "/healthz");
    socket.destroy();
    return (JSON.parse(body) as { peers: number }).peers;
  }

  /** Peers that joined, or left with this close code, since the attack began. */
  count(event: "peer.joined" | "peer.left", code?: number): number {
    const fits = (one: LogEvent): boolean => code === undefined || one.code === code;
    return this.server.events(event).filter((one) => this.#isNew(one) && fits(one)).length;
  }

  #isNew(event: LogEvent): boolean {
    return String(event.time) >= this.#since;
  }
}

async function startFloodedServer(
  lab: Lab,
  namespace: Namespace,
  { descriptors }: FloodSiteOptions,
): Promise<VpnProcess> {
  const { directory, server } = await makeCertificates(lab, { server: ["localhost"] });
  const config = join(directory, "server.yaml");
  const { http, https, uwsgi } = PORTS;
  const document = {
    listen: [`http://[::]:${http}`, `https://0.0.0.0:${https}`, `tcp://0.0.0.0:${uwsgi}`],
    allow_anonymous: true,
    tls: { certificate: server.certificate, key: server.key },
    networks: { office: { tap: TAP, addresses: [`${SERVER}/24`] } },
    defaults: { networks: ["office"] },
    // The default is 10 s; who is slow need not be waited for that long in a test.
    limits: { handshake_timeout: "2s" },
  };
  writeFileSync(config, JSON.stringify(document), { mode: 0o600 });
  const limit = descriptors === undefined ? [] : ["prlimit", `--nofile=${descriptors}:${descriptors}`];
  const argv = ["server", "--config", config, "--log-format", "json", "--log-level", "debug"];
  const vpn = new VpnProcess(namespace.start([...limit, process.execPath, SERVER_BINARY, ...argv]));
  await vpn.waitForEvent("server.ready");
  return vpn;
}

/** Every address of these networks is the crowd's (AnyIP; for IPv6 the kernel wants to be asked twice). Gives the server's addresses. */
async function linkCrowd(lab: Lab, crowd: Namespace, hub: Namespace): Promise<{ ipv4: string; ipv6: string }> {
  const { ipv4, ipv6 } = await lab.link(crowd, hub);
  await crowd.ip("route", "add", "local", "10.99.0.0/16", "dev", "lo");
  await crowd.ip("-6", "route", "add", "local", "fd99::/64", "dev", "lo");
  await crowd.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind"]);
  await hub.ip("route", "add", "10.99.0.0/16", "via", ipv4[0]);
  await hub.ip("-6", "route", "add", "fd99::/64", "via", ipv6[0]);
  return { ipv4: ipv4[1], ipv6: ipv6[1] };
}

function crowdAddress(index: number): string {
  return `10.99.${index >> 8}.${index & 0xff}`;
}
