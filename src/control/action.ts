import { z } from "zod";

/** Longest that an operator may keep somebody out. */
export const MAX_BAN_MS = 30 * 24 * 3_600_000;
/** Of a sentence that an operator gives, and its peer is told: fits a close frame (RFC 6455 5.5). */
export const MAX_REASON_BYTES = 100;

const reason = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_REASON_BYTES, { error: `is longer than ${MAX_REASON_BYTES} bytes` })
  .refine((text) => !/\p{Cc}/u.test(text), { error: "has control characters" });

/** Bits per second, from and to what the policy can say; null takes the policy's again. */
const rate = z.number().min(8_000).max(1e12).nullable();

/** Sends a peer away; `banMs` keeps its user (of an anonymous peer, its MAC) out for so long. */
export const kickSchema = z.object({
  reason: reason.default("closed by the operator"),
  banMs: z.int().min(0).max(MAX_BAN_MS).default(0),
});
/** Whether the peer reaches nothing but the uplink; null takes the policy's again. Until the peer leaves. */
export const isolateSchema = z.object({ isolated: z.boolean().nullable() });
/** Until the peer leaves. What is left out stays. */
export const rateSchema = z.object({ up: rate.optional(), down: rate.optional() });
/** Forgets learned addresses: of one network or all, and there of one port or all. Pinned ones stay. */
export const flushFdbSchema = z.object({ network: z.string().optional(), peer: z.string().optional() });

export type Action =
  | ({ readonly kind: "kick"; readonly peer: string } & z.infer<typeof kickSchema>)
  | ({ readonly kind: "isolate"; readonly peer: string } & z.infer<typeof isolateSchema>)
  | ({ readonly kind: "rate"; readonly peer: string } & z.infer<typeof rateSchema>)
  | ({ readonly kind: "flush-fdb" } & z.infer<typeof flushFdbSchema>)
  /** Reads the configuration and all files that it names again, as SIGHUP does. */
  | { readonly kind: "reload" }
  /** Stops in order, as SIGTERM does. */
  | { readonly kind: "drain" }
  | { readonly kind: "unban"; readonly ban: string };

export type ActionResult =
  | { readonly state: "done"; readonly message: string }
  /** `not-found`: no such peer, network or ban. `impossible`: it is there, and this cannot be done to it now. */
  | { readonly state: "refused"; readonly why: "not-found" | "impossible"; readonly message: string };

export type Role = "viewer" | "admin";

/** Who looks or acts: an operator, whose identity has nothing to do with joining a network. */
export interface Operator {
  /** For the audit: a user, or `local UID` for who came by a unix socket. */
  readonly name: string;
  readonly role: Role;
  /** Where from. */
  readonly address: string;
}
