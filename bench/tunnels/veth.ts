/** No VPN at all: the cable between two namespaces, to show what the machine itself can do. */
import { type BuildTunnel, twoHosts } from "./tunnel.ts";

export const buildVeth: BuildTunnel = async (lab) => ({ ...(await twoHosts(lab)), processes: [] });
