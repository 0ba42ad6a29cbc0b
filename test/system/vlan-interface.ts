/**
 * An 802.1Q interface in user space, because not every kernel has one: `TRUNK INTERFACE ID`, run in a namespace, makes
 * two TAPs. What the host sends out of INTERFACE leaves TRUNK with a tag; what comes to TRUNK with that tag reaches
 * INTERFACE without it. A bridge joins TRUNK with the VPN's TAP.
 *
 *     host ── INTERFACE ──push tag──► TRUNK ── bridge ── vpn0        super-frames keep their virtio-net header
 */
import type { Device, FrameBatch } from "../../src/device/device.ts";
import { openTap, TAP_DEFAULTS } from "../../src/device/tap.ts";
import { Frame } from "../../src/wire/frame.ts";

const TAG_BYTES = 4;
const TAG_PROTOCOL = 0x8100;
/** Both MAC addresses lie before the tag. */
const ADDRESSES_BYTES = 12;
const VNET_HEADER_BYTES = 10;

const [trunkName = "", interfaceName = "", id] = process.argv.slice(2);
const vlanId = Number(id);
const trunk = openTap({ ...TAP_DEFAULTS, name: trunkName });
const host = openTap({ ...TAP_DEFAULTS, name: interfaceName });
relay(host, trunk, pushTag);
relay(trunk, host, popTag);

/** Moves frames from one device to the other; `change` gives the offset where the changed frame starts, or undefined. */
function relay(from: Device, to: Device, change: (bytes: Buffer, start: number) => number | undefined): void {
  const frame = new Frame(new Uint8Array(0));
  const onBatch = ({ bytes, spans, count }: FrameBatch): void => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < count; i++) {
      const start = change(buffer, spans[2 * i] as number);
      if (start !== undefined) to.write(frame.set(bytes, start, spans[2 * i + 1] as number, true));
    }
    to.flush();
  };
  from.start({
    onBatch,
    onError: (error) => {
      throw error;
    },
  });
}

function pushTag(bytes: Buffer, start: number): number {
  const tagged = start - TAG_BYTES;
  bytes.copyWithin(tagged - VNET_HEADER_BYTES, start - VNET_HEADER_BYTES, start + ADDRESSES_BYTES);
  bytes.writeUInt16BE(TAG_PROTOCOL, tagged + ADDRESSES_BYTES);
  bytes.writeUInt16BE(vlanId, tagged + ADDRESSES_BYTES + 2);
  moveOffsets(bytes, tagged - VNET_HEADER_BYTES, TAG_BYTES);
  return tagged;
}

function popTag(bytes: Buffer, start: number): number | undefined {
  const isTagged = bytes.readUInt16BE(start + ADDRESSES_BYTES) === TAG_PROTOCOL;
  if (!isTagged || (bytes.readUInt16BE(start + ADDRESSES_BYTES + 2) & 0xfff) !== vlanId) return undefined;
  bytes.copyWithin(start - VNET_HEADER_BYTES + TAG_BYTES, start - VNET_HEADER_BYTES, start + ADDRESSES_BYTES);
  moveOffsets(bytes, start - VNET_HEADER_BYTES + TAG_BYTES, -TAG_BYTES);
  return start + TAG_BYTES;
}

/** hdr_len and csum_start of the virtio-net header (linux/virtio_net.h) count from the frame's first byte. */
function moveOffsets(bytes: Buffer, header: number, byBytes: number): void {
  const needsChecksum = ((bytes[header] as number) & 1) !== 0;
  const isSuperFrame = bytes[header + 1] !== 0;
  if (isSuperFrame) bytes.writeUInt16LE(bytes.readUInt16LE(header + 2) + byBytes, header + 2);
  if (needsChecksum) bytes.writeUInt16LE(bytes.readUInt16LE(header + 6) + byBytes, header + 6);
}
