/**
 * What a receiver can take beyond ordinary frames, as bits; the sum travels in `hello` and `welcome`. The bits are
 * those of TUNSETOFFLOAD (linux/if_tun.h, TUN_F_*), so a device's answer is used as it is.
 */
export const Offload = {
  none: 0,
  /** Partial checksums (VIRTIO_NET_HDR_F_NEEDS_CSUM); the others need this one. */
  csum: 0x01,
  tso4: 0x02,
  tso6: 0x04,
  /** TCP segmentation of flows with ECN (VIRTIO_NET_HDR_GSO_ECN). */
  tsoEcn: 0x08,
  /** UDP segmentation, kernel 6.2 and later. */
  uso4: 0x20,
  uso6: 0x40,
} as const;

/** A sum of `Offload` bits. */
export type OffloadSet = number;

/** Every bit this protocol version knows. */
export const OFFLOAD_ALL: OffloadSet = 0x6f;
