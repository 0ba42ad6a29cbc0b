import { type Network, type Site, TAP } from "../network.ts";

/**
 * Makes each site know the others' MAC addresses for good. A kernel that has given up on a neighbour asks for it once a second
 * only: what is measured here is how soon the VPN carries frames, not how soon somebody asks.
 */
export async function pinNeighbours({ server, clients }: Pick<Network, "server" | "clients">): Promise<void> {
  const sites = [server, ...clients];
  const macs = await Promise.all(sites.map(macOf));
  for (const { namespace, ipv4 } of sites) {
    for (const [index, other] of sites.entries()) {
      if (other.ipv4 === ipv4) continue;
      await namespace.ip("neigh", "replace", other.ipv4, "lladdr", macs[index] ?? "", "dev", TAP, "nud", "permanent");
    }
  }
}

async function macOf({ namespace }: Site): Promise<string> {
  const [link] = JSON.parse(await namespace.ip("-j", "link", "show", "dev", TAP));
  return link.address;
}
