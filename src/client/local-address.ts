import { networkInterfaces } from "node:os";

/** An IPv4 address as a socket shows it that takes both. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Whether an address of one of our sockets is (still) this machine's: what comes to it otherwise goes to nobody. */
export function hasAddress(address: string, interfaces = networkInterfaces()): boolean {
  const [plain = ""] = address.replace(MAPPED, "").split("%");
  // All of 127.0.0.0/8 is this machine, though one address is listed.
  if (plain.startsWith("127.")) return true;
  return Object.values(interfaces).some((list) => list?.some((one) => one.address.split("%")[0] === plain));
}
