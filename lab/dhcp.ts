/** A real DHCP server (dnsmasq) and a real DHCP client (udhcpc), each on a device of a namespace. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "./child.ts";
import type { Namespace } from "./namespace.ts";
import { findProgram } from "./programs.ts";

export interface DhcpServerOptions {
  readonly device: string;
  /** First and last address of the range, which is in the device's network. */
  readonly range: readonly [string, string];
  /** For its leases; a folder of its own. */
  readonly directory: string;
}

/** A dnsmasq that serves DHCP and nothing else. */
export class DhcpServer {
  readonly child: Child;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(namespace: Namespace, { device, range, directory }: DhcpServerOptions): Promise<DhcpServer> {
    const child = namespace.start([
      findProgram("dnsmasq") ?? "dnsmasq",
      ...["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--log-facility=-"],
      ...["--port=0", "--log-dhcp", "--no-ping", "--dhcp-authoritative", "--bind-interfaces"],
      ...[`--interface=${device}`, "--except-interface=lo", `--dhcp-range=${range.join(",")},1h`],
      `--dhcp-leasefile=${join(directory, `leases-${namespace.name}`)}`,
    ]);
    await child.waitUntil("the DHCP server", () => child.stderr.includes("DHCP, IP range"));
    return new DhcpServer(child);
  }

  /** MACs of the clients that it has had this message from, or sent it to: `DHCPDISCOVER`, `DHCPOFFER`, `DHCPRELEASE`. */
  clientsOf(message: string): ReadonlySet<string> {
    const lines = this.child.stderr.split("\n").filter((line) => line.includes(` ${message}(`));
    return new Set(lines.map((line) => /\b(?:[\da-f]{2}:){5}[\da-f]{2}\b/.exec(line)?.[0] ?? ""));
  }
}

/** What a client was given. */
export interface DhcpLease {
  readonly address: string;
  readonly server: string;
}

/**
 * Asks for a lease as `device`, a few times a second apart, and gives up then: undefined. The device is not changed.
 * `directory` is for a script. The client calls itself by its MAC, or by these bytes, in hexadecimal.
 */
export async function askForLease(
  namespace: Namespace,
  device: string,
  directory: string,
  clientId?: string,
): Promise<DhcpLease | undefined> {
  const script = join(directory, "lease.sh");
  // udhcpc says by environment variables what it was given.
  writeFileSync(script, '#!/bin/sh\n[ "$1" != bound ] || echo "lease $ip from $serverid"\n');
  chmodSync(script, 0o700);
  const identifier = clientId === undefined ? [] : ["--clientid-none", "-x", `0x3d:${clientId}`];
  const flags = [...identifier, "-i", device, "-s", script, "-t", "3", "-T", "1", "--foreground", "--now", "--quit"];
  const { stdout } = await namespace.run([findProgram("udhcpc") ?? "udhcpc", ...flags], { allowFailure: true });
  const [, address, server] = /^lease (\S+) from (\S+)$/m.exec(stdout) ?? [];
  return address === undefined || server === undefined ? undefined : { address, server };
}
