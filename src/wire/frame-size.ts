import { ETHERNET_HEADER_BYTES, networkHeaderOffset } from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import { tcpPayloadOffset, UDP_HEADER_BYTES } from "./ip-packet.ts";
import { csumStart, gsoSize, gsoType, isSuperFrame, VNET_HEADER_BYTES, VnetGso } from "./vnet-header.ts";

/**
 * Whether the frame passes where a frame carries at most `mtu` bytes, not counting its Ethernet header and VLAN tags.
 * A super-frame does if its segments do. Its virtio-net header is the kernel's or sanitized.
 */
export function fitsMtu(frame: Frame, mtu: number): boolean {
  return frame.end - frame.start <= mtu + ETHERNET_HEADER_BYTES || largestPayloadBytes(frame) <= mtu;
}

/** Bytes behind Ethernet header and VLAN tags, of the frame or of the largest of its segments. */
function largestPayloadBytes({ bytes, start, end, hasVnetHeader }: Frame): number {
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return 0;
  const vnet = start - VNET_HEADER_BYTES;
  if (!hasVnetHeader || !isSuperFrame(bytes, vnet)) return end - network;
  // Not hdr len: from the kernel that is a hint only, and may count some of the payload.
  const transport = start + csumStart(bytes, vnet);
  const isUdp = gsoType(bytes, vnet) === VnetGso.udpL4;
  const payload = isUdp ? transport + UDP_HEADER_BYTES : tcpPayloadOffset(bytes, transport, end);
  if (payload < network || payload > end) return end - network;
  return Math.min(payload + gsoSize(bytes, vnet), end) - network;
}
