/**
 * Captures of a real server, fetched by our command and read back by tcpdump: what pings and iperf3 send, what the guard
 * drops, and a reader that does not read.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Child } from "../../lab/child.ts";
import { runIperf } from "../../lab/iperf.ts";
import { Lab } from "../../lab/namespace.ts";
import { buildNetwork, type Network, type Site, TAP } from "../../lab/network.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { startVpn } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";
import { type PcapngFile, readPcapng } from "../pcapng-reader.ts";

const MTU_FRAME_BYTES = 1_514;
const PINGS = 10;

describe("a capture of a running server", { skip: await whyNoLab("tcpdump", "iperf3", "ping") }, () => {
  let lab: Lab;
  let network: Network;
  let directory: string;
  let socket: string;
  /** Of the first client: which comes first is anybody's guess. */
  let peer: string;
  let captures = 0;

  before(async () => {
    lab = await Lab.open();
    directory = temporaryDirectory(lab, "capture");
    socket = join(directory, "control.sock");
    const serverFlags = ["--control", "none", "--control", `unix:${socket}`];
    network = await buildNetwork(lab, { clients: 2, serverFlags });
    const [cable = ""] = network.links[0]?.ipv4 ?? [];
    const joined = network.server.vpn.events("peer.joined").find(({ address }) => address === cable);
    peer = String(joined?.peer);
  });
  after(() => lab?.close());

  const site = (number: 1 | 2): Site => network.clients[number - 1] as Site;

  /** Captures into a file while something happens. */
  async function capture(flags: readonly string[], meanwhile: (file: string) => Promise<unknown>): Promise<string> {
    captures++;
    const file = join(directory, `${captures}.pcapng`);
    const argv = ["capture", "--control", `unix:${socket}`, "-w", file, ...flags];
    const { child } = startVpn(network.server.namespace, argv);
    await network.server.vpn.waitForEvent("control.capture", 2 * captures - 1);
    await meanwhile(file);
    await enough(child, file);
    const { stderr } = await child.stop();
    await network.server.vpn.waitForEvent("control.capture", 2 * captures);
    assert.match(stderr, /vpn-ws: \d+ frames?; /);
    return file;
  }

  /** What passed is in the file a moment later: when nothing comes any more, it is all there. */
  async function enough(child: Child, file: string): Promise<void> {
    let bytes = -1;
    await waitFor(
      "the rest of the capture",
      () => {
        assert.ok(child.running, child.stderr);
        const before = bytes;
        bytes = readFileSync(file).length;
        return bytes > 0 && bytes === before;
      },
      { pollMs: 300 },
    );
  }

  const read = (file: string): PcapngFile => readPcapng(readFileSync(file));

  /** What tcpdump says about the frames of a file that its own filter lets pass. */
  async function tcpdump(file: string, filter: string, ...flags: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await network.server.namespace.run(["tcpdump", "-n", "-t", ...flags, "-r", file, filter]);
    return stdout.split("\n").filter((line) => line !== "");
  }

  const ping = (from: Site, address: string, ...flags: readonly string[]) =>
    from.namespace.run(["ping", "-n", "-i", "0.01", "-c", String(PINGS), ...flags, address], { allowFailure: true });

  test("has every ping four times: at both ports, there and back", async () => {
    const file = await capture(["--filter", "icmp or arp"], () => ping(site(1), site(2).ipv4));
    assert.equal((await tcpdump(file, "icmp[icmptype] == icmp-echo")).length, 2 * PINGS);
    assert.equal((await tcpdump(file, "icmp[icmptype] == icmp-echoreply")).length, 2 * PINGS);
    assert.equal((await tcpdump(file, "not icmp and not arp")).length, 0);
    const { packets, interfaces } = read(file);
    const names = new Set(packets.map((packet) => `${packet.interface.name} ${packet.direction}`));
    assert.ok([..."12"].every((peer) => names.has(`peer ${peer} in`) && names.has(`peer ${peer} out`)));
    assert.ok(interfaces.some(({ name }) => name === `uplink ${TAP}`));
  });

  test("is about the peer and the frames that were asked for", async () => {
    const request = [
      "--peer",
      peer,
      "--filter",
      `ip6 and not tcp and host ${site(1).ipv6} and ingress`,
      "--snap",
      "70",
    ];
    const file = await capture(request, async () => {
      await ping(site(1), site(2).ipv6, "-s", "1000");
      await ping(site(1), site(2).ipv4);
    });
    assert.equal((await tcpdump(file, "icmp6[icmp6type] == icmp6-echo")).length, PINGS);
    const { packets } = read(file);
    assert.ok(packets.every((packet) => packet.direction === "in" && packet.interface.name === `peer ${peer}`));
    assert.ok(packets.some(({ bytes, originalBytes }) => bytes.length === 70 && originalBytes > 1_000));
  });

  test("has ordinary segments with right checksums of what iperf3 sends in super-frames", async () => {
    const file = await capture(["--filter", "tcp port 5201"], () =>
      runIperf(site(1).namespace, site(2).namespace, { address: site(2).ipv4, direction: "up", seconds: 1 }),
    );
    const { packets } = read(file);
    assert.ok(packets.length > 1_000, `${packets.length} packets`);
    assert.ok(packets.every(({ bytes, originalBytes }) => bytes.length === originalBytes));
    assert.equal((await tcpdump(file, `greater ${MTU_FRAME_BYTES + 1}`)).length, 0);
    assert.equal((await tcpdump(file, "not tcp port 5201")).length, 0);
    // A part of them: tcpdump writes two lines about each.
    const lines = await tcpdump(file, "tcp", "-vv", "-c", "5000");
    assert.ok(lines.filter((line) => line.includes("(correct)")).length > 1_000);
    assert.deepEqual(
      lines.filter((line) => line.includes("incorrect")),
      [],
    );
  });

  test("says why the guard dropped a frame", async () => {
    const file = await capture(["--filter", "dropped"], async (growing) => {
      // Its kernel speaks for it before long: neighbour discovery, from a MAC that is not the peer's.
      await site(1).namespace.ip("link", "add", "link", TAP, "name", "other", "type", "macvlan");
      await site(1).namespace.ip("link", "set", "other", "up");
      await waitFor("a dropped frame", () => read(growing).packets.length > 0);
    });
    const dropped = read(file).packets.filter(({ comment }) => comment === "dropped: source-not-pinned");
    assert.ok(dropped.length > 0);
    assert.ok(dropped.every((packet) => packet.direction === "in" && packet.interface.name === `peer ${peer}`));
  });

  test("holds nothing up when its reader does not read, and tells in the end what was lost", async () => {
    const reader = connect(socket).on("error", () => {});
    reader.pause();
    reader.write("GET /api/v1/capture HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const { vpn } = network.server;
    await vpn.waitForEvent("control.capture", 2 * captures + 1);
    const options = { address: site(2).ipv4, direction: "up", seconds: 2 } as const;
    const { bytes } = await runIperf(site(1).namespace, site(2).namespace, options);
    assert.ok(bytes > 32 * 1_024 * 1_024, `${bytes} bytes passed`);
    await ping(site(1), site(2).ipv4);
    reader.destroy();
    const { state, frames, lostFrames } = await vpn.waitForEvent("control.capture", 2 * captures + 2);
    assert.equal(state, "ended");
    assert.ok(Number(frames) > 100 && Number(lostFrames) > 100, `${frames} frames, ${lostFrames} lost`);
    assert.ok(vpn.child.running);
  });
});
