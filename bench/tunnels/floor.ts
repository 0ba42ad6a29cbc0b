/**
 * The floor (bench/floor.c): the barest tunnel in C, of which every other is measured as a fraction; the same over OpenSSL
 * (bench/floor-tls.c) and the same in Node (bench/floor-node.ts), which say how much of the floor TLS and Node leave on the
 * machine at hand.
 */
import { fileURLToPath } from "node:url";
import { makeCertificates } from "../../lab/certificates.ts";
import { addressTaps, type BuildTunnel, type Tunnel, tunnelOfTwo, twoHosts } from "./tunnel.ts";

const PORT = 7000;
const DEVICE = "floor0";

export const buildFloor: BuildTunnel = async (lab, tools) => join(await twoHosts(lab), [tools.floor]);

export const buildFloorTls: BuildTunnel = async (lab, tools) => {
  const ground = await twoHosts(lab);
  const { server } = await makeCertificates(lab, { server: [ground.server.address] });
  return join(ground, [tools.floorTls], [server.certificate, server.key]);
};

export const buildFloorNode: BuildTunnel = async (lab) => {
  const program = fileURLToPath(new URL("../floor-node.ts", import.meta.url));
  return join(await twoHosts(lab), [process.execPath, "--import", "tsx", program]);
};

async function join(
  ground: Awaited<ReturnType<typeof twoHosts>>,
  program: readonly string[],
  serverWords: readonly string[] = [],
): Promise<Tunnel> {
  const server = ground.server.namespace.start([...program, DEVICE, "listen", String(PORT), ...serverWords]);
  await ground.server.namespace.waitForTcpPort(PORT);
  const client = ground.client.namespace.start([...program, DEVICE, ground.server.address, String(PORT)]);
  await addressTaps(ground, DEVICE);
  return tunnelOfTwo(ground, DEVICE, { client: client.pid, server: server.pid });
}
