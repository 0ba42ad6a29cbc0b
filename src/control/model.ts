import { z } from "zod";
import { DROP_NAMES } from "../base/drop-reason.ts";

/**
 * What a server shows of itself, version 1: plain values with schemas. Every view (HTTP API and its OpenAPI document,
 * command line, dashboard, metrics) is of these. All counters count since their owner began (`startedMs`, `sinceMs`) and never go
 * down; rates are for whoever looks twice. Times are Unix milliseconds. `null` is "not known", or "there is none".
 *
 * Within version 1 keys may be added; none is removed or changes its meaning.
 */
export const MODEL_VERSION = 1;

const count = z.int().nonnegative();
const timeMs = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

/** Of frames as the switch sees them: `received` from an attachment, `sent` to it, each with its bytes; what was dropped is not in `sent`. */
export const trafficSchema = z.object({
  receivedFrames: count,
  receivedBytes: count,
  sentFrames: count,
  sentBytes: count,
  /** Frames, in either direction, for any reason. */
  drops: count,
});
export type Traffic = z.infer<typeof trafficSchema>;

/** Frames by reason; reasons with none are left out. */
export const dropCountsSchema = z.partialRecord(z.enum(DROP_NAMES as [string, ...string[]]), count);
export type DropCounts = z.infer<typeof dropCountsSchema>;

export const serverInfoSchema = z.object({
  modelVersion: z.literal(MODEL_VERSION),
  /** Changes with every start: counters and ids of another instance are others. */
  instance: z.string(),
  /** Name and version of the program. */
  agent: z.string(),
  /** Of Node.js. */
  runtime: z.string(),
  processId: count,
  startedMs: timeMs,
  nowMs: timeMs,
  state: z.enum(["serving", "draining"]),
  listeners: z.array(z.string()),
  networks: count,
  peers: z.object({
    /** All sessions, those that are held included. */
    here: count,
    /** Of these, those without a connection at the moment. */
    held: count,
    limit: count,
    /** Since the start. */
    joined: count,
    refused: count,
  }),
  connections: count,
  /** Of all networks, attachments that left included. */
  traffic: trafficSchema,
  memory: z.object({ residentBytes: count, heapBytes: count }),
  /** By how much the event loop was late, over the last ten seconds. */
  loopDelay: z.object({ medianMs: milliseconds, p99Ms: milliseconds }),
});
export type ServerInfo = z.infer<typeof serverInfoSchema>;

export const networkInfoSchema = z.object({
  name: z.string(),
  mtu: count,
  /** The server's own TAP. */
  uplink: z.object({ name: z.string(), mac: z.string().nullable(), bridge: z.boolean() }).nullable(),
  peers: count,
  floodBroadcast: z.boolean(),
  floodMulticast: z.boolean(),
  /** Addresses in the forwarding table, learned ones of them, and how many it learns at most. */
  fdb: z.object({ entries: count, learned: count, capacity: count }),
  traffic: trafficSchema,
});
export type NetworkInfo = z.infer<typeof networkInfoSchema>;

/** A peer, or a server's uplink, as one row of a table. */
export const peerRowSchema = z.object({
  /** Of a peer a number that is unique while the server runs; of an uplink `uplink:NETWORK`. */
  id: z.string(),
  kind: z.enum(["peer", "uplink"]),
  network: z.string(),
  /** Empty for an anonymous peer and an uplink. */
  user: z.string(),
  /** How the user was told; empty for an uplink. */
  method: z.string(),
  mac: z.string().nullable(),
  bridge: z.boolean(),
  /** Only looks (the doctor). */
  guest: z.boolean(),
  /** Where it is connected from, as far as that is known; empty for an uplink. */
  address: z.string(),
  /** Subject of the client certificate; empty if there was none. */
  distinguishedName: z.string(),
  dialect: z.enum(["v1", "v2"]).nullable(),
  /** What the client says it is. */
  agent: z.string().nullable(),
  state: z.enum(["open", "held", "leaving"]),
  sinceMs: timeMs,
  connections: count,
  /** The shortest of its connections' last measured round trips. */
  roundTripMs: milliseconds.nullable(),
  /** What waits for the peer, in the flow queues and packed. */
  queuedBytes: count,
  isolated: z.boolean(),
  /** Shut by the guard for a while: there is a loop behind it. */
  shut: z.boolean(),
  traffic: trafficSchema,
  /** Bytes on the wire over all its connections, those that are gone included; of an uplink, of its frames. */
  wire: z.object({ receivedBytes: count, sentBytes: count }),
});
export type PeerRow = z.infer<typeof peerRowSchema>;

const connectionInfoSchema = z.object({
  number: count,
  address: z.string(),
  /** The protocol that it came by. */
  via: z.enum(["http", "uwsgi"]),
  sinceMs: timeMs,
  roundTripMs: milliseconds.nullable(),
  /** Nothing was heard for so long. */
  silentMs: milliseconds,
  queuedBytes: count,
  /** On the wire, with all headers. */
  receivedBytes: count,
  sentBytes: count,
  /** The kernel's name of the congestion control of our end. */
  congestionControl: z.string().nullable(),
  /** Frames that were marked (ECN) instead of dropped. */
  ecnMarks: count,
});
export type ConnectionInfo = z.infer<typeof connectionInfoSchema>;

/** Everything about one. */
export const peerDetailSchema = peerRowSchema.extend({
  groups: z.array(z.string()),
  /** When credentials or grant end. */
  expiresMs: timeMs.nullable(),
  mtu: count.nullable(),
  links: z.array(connectionInfoSchema),
  /** Addresses in the forwarding table at this port. */
  macs: z.array(z.object({ mac: z.string(), pinned: z.boolean(), ageMs: milliseconds })),
  /** IP addresses that are known to be its owner's. */
  addresses: z.array(z.object({ address: z.string(), how: z.enum(["claimed", "leased", "trusted", "assigned"]) })),
  /** Of frames from it, and of frames for it. */
  ingressDrops: dropCountsSchema,
  egressDrops: dropCountsSchema,
  /** Frames from it that went on although their source found no room in the forwarding table. */
  unlearnedFrames: count,
  /** Answers to frames from it that were too big for where they were to go. */
  tooBigAnswers: count,
  /** Frames made for it as fragments of larger ones; they are in `sentFrames` or in `egressDrops` as well. */
  sentFragments: count,
  /** Frames that are held until it is back. */
  heldFrames: count,
  /** Bits per second that it may send and be sent; null: no limit. */
  rateUp: z.number().positive().nullable(),
  rateDown: z.number().positive().nullable(),
});
export type PeerDetail = z.infer<typeof peerDetailSchema>;

export const fdbRowSchema = z.object({
  network: z.string(),
  mac: z.string(),
  /** `id` of the peer or uplink. */
  peer: z.string(),
  user: z.string(),
  /** Tied to its port; otherwise learned. */
  pinned: z.boolean(),
  ageMs: milliseconds,
});
export type FdbRow = z.infer<typeof fdbRowSchema>;

/** Frames lost in one network for one reason, those of attachments that left included. */
export const dropRowSchema = z.object({
  network: z.string(),
  reason: z.string(),
  /** Of frames from an attachment, or for one. */
  direction: z.enum(["ingress", "egress"]),
  frames: count,
  /** What that means, in a sentence, and what to do if it is not wanted. */
  explanation: z.string(),
});
export type DropRow = z.infer<typeof dropRowSchema>;

/**
 * Who sent to whom, in one network: measured only while somebody looks, so a first answer may be empty. Broadcast and
 * multicast, which go to all, are not told.
 */
const trafficPairSchema = z.object({
  network: z.string(),
  /** `id` of peer or uplink. */
  from: z.string(),
  to: z.string(),
  frames: count,
  bytes: count,
});
export type TrafficPair = z.infer<typeof trafficPairSchema>;

/** `uncountedFrames`: of pairs beyond those that there is room for, since somebody began to look. */
export const pairListSchema = z.object({ pairs: z.array(trafficPairSchema), uncountedFrames: count });
export type PairList = z.infer<typeof pairListSchema>;

/** The whole server at one moment; kept for each of the last ten minutes' seconds. */
export const historySampleSchema = z.object({
  atMs: timeMs,
  peers: count,
  traffic: trafficSchema,
  /** Of all networks and both directions, since the start. */
  dropsByReason: dropCountsSchema,
});
export type HistorySample = z.infer<typeof historySampleSchema>;

/** A line of the log, as an event: `event` is a stable name, `fields` as in the log. Never holds a secret. */
export const controlEventSchema = z.object({
  /** Counts up from 1 while the server runs. */
  id: count,
  atMs: timeMs,
  level: z.enum(["info", "warn", "error"]),
  event: z.string(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
export type ControlEvent = z.infer<typeof controlEventSchema>;

/** Somebody who may not join for a while, after an operator sent him away. */
export const banSchema = z.object({
  /** Counts up from 1. */
  id: z.string(),
  /** Whom it is about: a user, or for an anonymous peer its MAC. */
  user: z.string(),
  mac: z.string().nullable(),
  reason: z.string(),
  /** Who did it. */
  by: z.string(),
  untilMs: timeMs,
});
export type Ban = z.infer<typeof banSchema>;
