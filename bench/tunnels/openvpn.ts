/** OpenVPN as Debian ships it: TAP over TCP, TLS with certificates, AES-256-GCM; what people use today. */
import { makeCertificates } from "../../lab/certificates.ts";
import { addressTaps, type BuildTunnel, tunnelOfTwo, twoHosts } from "./tunnel.ts";

const PORT = "1194";
const DEVICE = "ovpn0";
const COMMON = ["--dev", DEVICE, "--dev-type", "tap", "--cipher", "AES-256-GCM", "--data-ciphers", "AES-256-GCM"];

export const buildOpenvpn: BuildTunnel = async (lab) => {
  const ground = await twoHosts(lab);
  const certificates = await makeCertificates(lab, { server: [ground.server.address] });
  const { authority, server: serverKeys, client: clientKeys } = certificates;
  const command = ["openvpn", ...COMMON, "--ca", authority.certificate, "--port", PORT];
  const listening = ["--proto", "tcp-server", "--tls-server", "--dh", "none"];
  const dialing = ["--proto", "tcp-client", "--tls-client", "--remote", ground.server.address];
  const server = ground.server.namespace.start([
    ...[...command, ...listening],
    ...["--cert", serverKeys.certificate, "--key", serverKeys.key],
  ]);
  await ground.server.namespace.waitForTcpPort(Number(PORT));
  const client = ground.client.namespace.start([
    ...[...command, ...dialing],
    ...["--cert", clientKeys.certificate, "--key", clientKeys.key],
  ]);
  await addressTaps(ground, DEVICE);
  const isReady = (): boolean => client.stdout.includes("Initialization Sequence Completed");
  await client.waitUntil("OpenVPN's client to connect", isReady, { timeoutMs: 20_000 });
  return tunnelOfTwo(ground, DEVICE, { client: client.pid, server: server.pid });
};
