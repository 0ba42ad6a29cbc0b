/** DHCP messages (RFC 2131) by hand. */
import { ip, mac } from "./packets.ts";

const TYPES = { discover: 1, offer: 2, request: 3, release: 7 } as const;

export interface DhcpOptions {
  readonly operation: "request" | "reply";
  readonly type: keyof typeof TYPES;
  /** Whose message it is, or is for: the MAC in chaddr. */
  readonly client: string;
  /** What the client has: ciaddr. */
  readonly clientAddress?: string;
  /** What the client is given: yiaddr. */
  readonly yourAddress?: string;
  /** Option 50. */
  readonly requestedAddress?: string;
  /** Option 61: what a server knows the client by, if it is there. */
  readonly clientId?: Uint8Array;
}

/** The payload of a UDP datagram. */
export function dhcp(message: DhcpOptions): Buffer {
  const { operation, type, client, clientAddress, yourAddress, requestedAddress, clientId } = message;
  const unspecified = "0.0.0.0";
  // op, htype Ethernet, hlen, hops; xid; secs and flags.
  const head = Buffer.from(`${operation === "request" ? "01" : "02"}010600${"5eed5eed"}00008000`, "hex");
  const addresses = [clientAddress ?? unspecified, yourAddress ?? unspecified, unspecified, unspecified].map(ip);
  const hardware = Buffer.concat([mac(client)], 16);
  const [serverName, file] = [Buffer.alloc(64), Buffer.alloc(128)];
  const requested = requestedAddress === undefined ? [] : [50, 4, ...ip(requestedAddress)];
  const id = clientId === undefined ? [] : [61, clientId.length, ...clientId];
  const options = Buffer.from([0x63, 0x82, 0x53, 0x63, 53, 1, TYPES[type], ...requested, ...id, 255]);
  return Buffer.concat([head, ...addresses, hardware, serverName, file, options], 300);
}
