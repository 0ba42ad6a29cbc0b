/**
 * What the headers of a frame say, read a second time: slices instead of offsets, a value for each step, recursion
 * along the chain. Slow and plain on purpose.
 */

export interface NaiveHeaders {
  readonly etherType: number;
  readonly vlanId: number;
  readonly tags: number;
  readonly network: number;
  readonly ipVersion: number;
  readonly packetEnd: number;
  readonly sourceIp: number;
  readonly destinationIp: number;
  readonly protocol: number;
  readonly transport: number;
  readonly fragment: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly isWhole: boolean;
}

const be16 = (bytes: readonly number[], at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
const PORTED = new Set([6, 17, 33, 132, 136]);
const ICMP_LIKE = new Set([1, 2, 58]);
const OPTION_SHAPED = new Set([0, 43, 60, 135, 139, 140]);
const isExtension = (type: number): boolean => OPTION_SHAPED.has(type) || type === 44 || type === 51;

/** All offsets count from the start of the frame. */
export function naiveHeaders(frame: readonly number[]): NaiveHeaders {
  const nothing: NaiveHeaders = {
    ...{ etherType: -1, vlanId: 0, tags: 0, network: -1, ipVersion: 0, packetEnd: frame.length },
    ...{ sourceIp: -1, destinationIp: -1, protocol: -1, transport: -1, fragment: 0 },
    ...{ sourcePort: -1, destinationPort: -1, isWhole: false },
  };
  if (frame.length < 14) return nothing;
  const ids: number[] = [];
  let network = 14;
  while (ids.length < 2 && [0x8100, 0x88a8].includes(be16(frame, network - 2))) {
    if (network + 4 > frame.length) return nothing;
    ids.push(be16(frame, network) % 4096);
    network += 4;
  }
  const etherType = be16(frame, network - 2);
  const vlanId = ids.find((id) => id !== 0) ?? 0;
  const result = { ...nothing, etherType, network, tags: ids.length, vlanId };
  if (etherType === 0x0800) return { ...result, ...ipv4(frame, network) };
  if (etherType === 0x86dd) return { ...result, ...ipv6(frame, network) };
  return { ...result, isWhole: etherType !== 0x8100 && etherType !== 0x88a8 };
}

type Part = Partial<NaiveHeaders>;

function ipv4(frame: readonly number[], at: number): Part {
  if (frame.length - at < 20 || (frame[at] as number) >> 4 !== 4) return {};
  const addresses: Part = { ipVersion: 4, sourceIp: at + 12, destinationIp: at + 16 };
  const headerBytes = ((frame[at] as number) % 16) * 4;
  const total = be16(frame, at + 2);
  if (headerBytes < 20 || total < headerBytes || at + total > frame.length) return addresses;
  const packet = frame.slice(0, at + total);
  const field = be16(packet, at + 6);
  const fragment = fragmentKind(field % 0x2000, (field & 0x2000) !== 0);
  const protocol = packet[at + 9] as number;
  const upper = fragment === 2 ? { protocol, isWhole: true } : upperLayer(packet, protocol, at + headerBytes);
  return { ...addresses, packetEnd: packet.length, fragment, ...upper };
}

function ipv6(frame: readonly number[], at: number): Part {
  if (frame.length - at < 40 || (frame[at] as number) >> 4 !== 6) return {};
  const addresses: Part = { ipVersion: 6, sourceIp: at + 8, destinationIp: at + 24 };
  const end = at + 40 + be16(frame, at + 4);
  if (end > frame.length) return addresses;
  const packet = frame.slice(0, end);
  return { ...addresses, packetEnd: end, ...chain(packet, [packet[at + 6] as number], at + 40) };
}

/** `types`: of the headers so far, and of the one at `at`. */
function chain(packet: readonly number[], types: readonly number[], at: number): Part {
  const type = types.at(-1) as number;
  if (!isExtension(type)) return upperLayer(packet, type, at);
  if (types.length > 8 || at + 8 > packet.length) return {};
  const [next, length] = packet.slice(at, at + 2) as [number, number];
  if (type === 51) return chain(packet, [...types, next], at + (length + 2) * 4);
  if (type !== 44) return chain(packet, [...types, next], at + (length + 1) * 8);
  if (types.indexOf(44) < types.length - 1) return {};
  const fragment = fragmentKind(be16(packet, at + 2) >> 3, be16(packet, at + 2) % 2 === 1);
  if (fragment === 2) return { fragment, protocol: isExtension(next) ? -1 : next, isWhole: true };
  return { fragment, ...chain(packet, [...types, next], at + 8) };
}

function upperLayer(packet: readonly number[], protocol: number, at: number): Part {
  if (at > packet.length) return {};
  const needs = PORTED.has(protocol) || ICMP_LIKE.has(protocol) ? 4 : 0;
  if (at + needs > packet.length) return { protocol };
  const ports = { sourcePort: be16(packet, at), destinationPort: be16(packet, at + 2) };
  return { protocol, transport: at, isWhole: true, ...(PORTED.has(protocol) ? ports : {}) };
}

function fragmentKind(offset: number, more: boolean): number {
  if (offset > 0) return 2;
  return more ? 1 : 0;
}
