/** DHCP messages (RFC 2131) by hand. */
import { ip, mac } from "./packets.ts";

const TYPES = { discover: 1, offer: 2, release: 7 } as const;

export interface DhcpOptions {
  readonly operation: "request" | "reply";
  readonly type: keyof typeof TYPES;
  /** Whose message it is, or is for: the MAC in chaddr. */
  readonly client: string;
  /** What the client has: ciaddr. */
  readonly clientAddress?: string;
  /** What the client is given: yiaddr. */
  readonly yourAddress?: string;
}

/** The payload of a UDP datagram. */
export function dhcp({ operation, type, client, clientAddress, yourAddress }: DhcpOptions): Buffer {
  const unspecified = "0.0.0.0";
  // op, htype Ethernet, hlen, hops; xid; secs and flags.
  const head = Buffer.from(`${operation === "request" ? "01" : "02"}010600${"5eed5eed"}00008000`, "hex");
  const addresses = [clientAddress ?? unspecified, yourAddress ?? unspecified, unspecified, unspecified].map(ip);
  const hardware = Buffer.concat([mac(client)], 16);
  const [serverName, file] = [Buffer.alloc(64), Buffer.alloc(128)];
  const options = Buffer.from([0x63, 0x82, 0x53, 0x63, 53, 1, TYPES[type], 255]);
  return Buffer.concat([head, ...addresses, hardware, serverName, file, options], 300);
}
