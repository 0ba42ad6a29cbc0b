import type { DropReason } from "../base/drop-reason.ts";
import type { Frame } from "../wire/frame.ts";

/**
 * What stands at the door of a port. The switch asks it for every frame; `Drop.none` lets the frame go on. Never
 * throws, never allocates, never calls back into the switch, never changes the frame.
 *
 *     ingress:  addresses well formed ─► inspect ─► (new source: admitSource) ─► learn ─► (nobody knows: admitUnknown) ─► decide
 *     egress:   permit ─► deliver
 */
export interface PortGuard {
  /** A frame that came from the attachment; whole Ethernet header, source neither zero nor broadcast. */
  inspect(frame: Frame): DropReason;
  /**
   * A source address that is new at this port is about to be learned or pinned. `knownAt` is the index of the port that
   * had it until now, or −1.
   */
  admitSource(hi: number, lo: number, knownAt: number): DropReason;
  /** A frame for a unicast address that the forwarding table does not know is about to go to the bridges. */
  admitUnknown(frame: Frame): DropReason;
  /** A frame is about to be delivered to the attachment. */
  permit(frame: Frame): DropReason;
}
