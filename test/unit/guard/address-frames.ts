/** Frames that speak of IP addresses, built from texts. No checksums: no rule looks at them. */
import { parseIpAddress } from "../../../src/wire/ip-prefix.ts";

const BROADCAST = "ff:ff:ff:ff:ff:ff";

export const macBytes = (text: string): number[] => text.split(":").map((part) => Number.parseInt(part, 16));

function ipBytes(text: string): number[] {
  const bytes = parseIpAddress(text);
  if (bytes === undefined) throw new Error(`${text} is no IP address`);
  return [...bytes];
}

const uint16 = (value: number): number[] => [value >>> 8, value & 0xff];
const uint32 = (value: number): number[] => [...uint16(value >>> 16), ...uint16(value & 0xffff)];
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** An Ethernet frame, behind a VLAN tag if `vlanId` is given. */
export function ethernet(from: string, type: number, payload: readonly number[], vlanId?: number): Uint8Array {
  const tag = vlanId === undefined ? [] : [0x81, 0x00, ...uint16(vlanId)];
  return Uint8Array.from([...macBytes(BROADCAST), ...macBytes(from), ...tag, ...uint16(type), ...payload]);
}

export interface ArpFields {
  readonly from: string;
  readonly operation: "request" | "reply";
  readonly senderIp: string;
  readonly targetIp: string;
  /** Sender hardware address, if it is not the frame's source. */
  readonly senderMac?: string;
  readonly hardwareType?: number;
  readonly vlanId?: number;
}

export function arp(fields: ArpFields): Uint8Array {
  const { from, operation, senderIp, targetIp, senderMac = from, hardwareType = 1 } = fields;
  const header = [...uint16(hardwareType), 0x08, 0x00, 6, 4, ...uint16(operation === "request" ? 1 : 2)];
  const body = [...macBytes(senderMac), ...ipBytes(senderIp), ...zeros(6), ...ipBytes(targetIp)];
  return ethernet(from, 0x0806, [...header, ...body, ...zeros(18)], fields.vlanId);
}

export interface Ipv4Fields {
  readonly from: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: readonly number[];
  /** Flags and fragment offset; 0x2000: more fragments follow. */
  readonly fragment?: number;
  readonly vlanId?: number;
}

export function ipv4({ from, source, destination, protocol, payload, fragment = 0, vlanId }: Ipv4Fields): Uint8Array {
  const head = [0x45, 0, ...uint16(20 + payload.length), 0, 1, ...uint16(fragment), 64, protocol, 0, 0];
  return ethernet(from, 0x0800, [...head, ...ipBytes(source), ...ipBytes(destination), ...payload], vlanId);
}

export interface Ipv6Fields {
  readonly from: string;
  readonly source: string;
  readonly destination: string;
  readonly nextHeader: number;
  readonly payload: readonly number[];
  readonly hopLimit?: number;
  readonly vlanId?: number;
}

export function ipv6(fields: Ipv6Fields): Uint8Array {
  const { from, source, destination, nextHeader, payload, hopLimit = 255 } = fields;
  const head = [0x60, 0, 0, 0, ...uint16(payload.length), nextHeader, hopLimit];
  return ethernet(from, 0x86dd, [...head, ...ipBytes(source), ...ipBytes(destination), ...payload], fields.vlanId);
}

export function udp(from: number, to: number, payload: readonly number[]): number[] {
  return [...uint16(from), ...uint16(to), ...uint16(8 + payload.length), 0, 0, ...payload];
}

export const tcp = (from: number, to: number): number[] => [
  ...uint16(from),
  ...uint16(to),
  ...zeros(8),
  0x50,
  ...zeros(7),
];

/** An option of neighbour discovery that names a link-layer address: 1 the source's, 2 the target's. */
export const linkLayerOption = (type: 1 | 2, mac: string): number[] => [type, 1, ...macBytes(mac)];

export interface NeighbourFields {
  readonly from: string;
  readonly type: 133 | 134 | 135 | 136 | 137;
  readonly source: string;
  readonly target: string;
  readonly options?: readonly number[];
  readonly code?: number;
  readonly hopLimit?: number;
  readonly vlanId?: number;
}

/** The ICMPv6 message of neighbour discovery. */
export function neighbourMessage({ type, target, options = [], code = 0 }: NeighbourFields): number[] {
  const hasTarget = type === 135 || type === 136 || type === 137;
  return [type, code, 0, 0, ...zeros(type === 134 ? 12 : 4), ...(hasTarget ? ipBytes(target) : []), ...options];
}

export function neighbour(fields: NeighbourFields): Uint8Array {
  return ipv6({ ...fields, destination: "ff02::1", nextHeader: 58, payload: neighbourMessage(fields) });
}

export interface DhcpFields {
  readonly op: 1 | 2;
  /** Option 53: 1 discover, 2 offer, 3 request, 4 decline, 5 ack, 7 release, 8 inform. */
  readonly type: number;
  readonly chaddr: string;
  readonly ciaddr?: string;
  readonly yiaddr?: string;
  readonly leaseSeconds?: number;
  readonly requestedAddress?: string;
  /** Option 61. */
  readonly clientId?: readonly number[];
}

export function dhcp(fields: DhcpFields): number[] {
  const { op, type, chaddr, ciaddr = "0.0.0.0", yiaddr = "0.0.0.0", leaseSeconds, requestedAddress, clientId } = fields;
  const head = [op, 1, 6, 0, ...uint32(0x12345678), 0, 0, 0, 0];
  const addresses = [...ipBytes(ciaddr), ...ipBytes(yiaddr), ...zeros(8), ...macBytes(chaddr), ...zeros(10)];
  const lease = leaseSeconds === undefined ? [] : [51, 4, ...uint32(leaseSeconds)];
  const requested = requestedAddress === undefined ? [] : [50, 4, ...ipBytes(requestedAddress)];
  const id = clientId === undefined ? [] : [61, clientId.length, ...clientId];
  const options = [0x63, 0x82, 0x53, 0x63, 53, 1, type, ...requested, ...lease, ...id, 255];
  return [...head, ...addresses, ...zeros(192), ...options];
}

export interface DhcpFrameFields extends Omit<DhcpFields, "op"> {
  readonly from: string;
  readonly source?: string;
  readonly vlanId?: number;
}

export function dhcpFromClient({ from, source = "0.0.0.0", vlanId, ...fields }: DhcpFrameFields): Uint8Array {
  const payload = udp(68, 67, dhcp({ op: 1, ...fields }));
  const tag = vlanId === undefined ? {} : { vlanId };
  return ipv4({ from, source, destination: "255.255.255.255", protocol: 17, payload, ...tag });
}

export function dhcpFromServer({ from, source = "10.0.0.1", vlanId, ...fields }: DhcpFrameFields): Uint8Array {
  const payload = udp(67, 68, dhcp({ op: 2, ...fields }));
  const tag = vlanId === undefined ? {} : { vlanId };
  return ipv4({ from, source, destination: "255.255.255.255", protocol: 17, payload, ...tag });
}
