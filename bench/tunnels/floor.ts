/** The floor (bench/floor.c): the barest tunnel in C, of which every other is measured as a fraction. */
import { addressTaps, type BuildTunnel, INSIDE, twoHosts } from "./tunnel.ts";

const PORT = 7000;
const DEVICE = "floor0";

export const buildFloor: BuildTunnel = async (lab, tools) => {
  const ground = await twoHosts(lab);
  const server = ground.server.namespace.start([tools.floor, DEVICE, "listen", String(PORT)]);
  await ground.server.namespace.waitForTcpPort(PORT);
  const client = ground.client.namespace.start([tools.floor, DEVICE, ground.server.address, String(PORT)]);
  await addressTaps(ground, DEVICE);
  return {
    client: { ...ground.client, address: INSIDE.client },
    server: { ...ground.server, address: INSIDE.server },
    device: DEVICE,
    processes: [
      { role: "client", pid: client.pid },
      { role: "server", pid: server.pid },
    ],
  };
};
