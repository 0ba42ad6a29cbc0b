/** What an attack would have changed at its victim, as the victim's kernel tells it. */
import assert from "node:assert/strict";
import { TAP } from "../../../lab/network.ts";
import type { Host } from "./arena.ts";

/** What a host believes of others' MACs, by address. */
export async function neighboursOf({ namespace }: Host): Promise<ReadonlyMap<string, string>> {
  const rows = JSON.parse(await namespace.ip("-json", "neighbour", "show", "dev", TAP)) as readonly {
    readonly dst: string;
    readonly lladdr?: string;
  }[];
  return new Map(rows.map(({ dst, lladdr = "none" }) => [dst, lladdr]));
}

/** That a host's neighbour table is right about the others. */
export async function assertKnows(host: Host, others: readonly Host[]): Promise<void> {
  const neighbours = await neighboursOf(host);
  for (const { ipv4, ipv6, mac } of others) {
    assert.deepEqual([ipv4, neighbours.get(ipv4)], [ipv4, mac]);
    // Who was never asked has no entry, and that is none that is wrong.
    assert.deepEqual([ipv6, neighbours.get(ipv6) ?? mac], [ipv6, mac]);
  }
}

/** The IPv6 routers that a host goes by, as `ip` shows them; empty if there is none. */
export async function defaultRoutes({ namespace }: Host): Promise<string> {
  return (await namespace.ip("-6", "route", "show", "default")).trim();
}

/** The router by which a host would reach an address. */
export async function gatewayTo({ namespace }: Host, address: string): Promise<string> {
  return / via (\S+)/.exec(await namespace.ip("route", "get", address))?.[1] ?? "none";
}

/** A counter of /proc/net/snmp, e.g. `InTimestamps` of `Icmp`. */
export async function kernelCount({ namespace }: Host, protocol: "Icmp" | "Udp", name: string): Promise<number> {
  const { stdout } = await namespace.run(["cat", "/proc/net/snmp"]);
  const [names = "", values = ""] = stdout.split("\n").filter((line) => line.startsWith(`${protocol}:`));
  return Number(values.split(" ")[names.split(" ").indexOf(name)]);
}
