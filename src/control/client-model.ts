import { z } from "zod";
import { dropCountsSchema, MODEL_VERSION } from "./model.ts";

/** What a client shows of itself: plain values under the same rules as a server's (see model.ts). */

const count = z.int().nonnegative();
const timeMs = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

const clientConnectionSchema = z.object({
  number: count,
  /** Of the server, or of the proxy before it. */
  address: z.string().nullable(),
  localAddress: z.string().nullable(),
  /** When it began to carry frames. */
  sinceMs: timeMs,
  roundTripMs: milliseconds.nullable(),
  /** Nothing was heard for so long. */
  silentMs: milliseconds,
  /** Silent where an answer is due: another connection is made beside it. */
  suspect: z.boolean(),
  queuedBytes: count,
  /** Bytes wait for the socket. */
  congested: z.boolean(),
  /** The kernel's name of the congestion control of our end. */
  congestionControl: z.string().nullable(),
  /** On the wire, with all headers. */
  receivedBytes: count,
  sentBytes: count,
});

export const clientStatusSchema = z.object({
  modelVersion: z.literal(MODEL_VERSION),
  /** Changes with every start. */
  instance: z.string(),
  /** Name and version of the program. */
  agent: z.string(),
  /** Of Node.js. */
  runtime: z.string(),
  processId: count,
  startedMs: timeMs,
  nowMs: timeMs,
  /** `connected`: some connection carries frames. */
  state: z.enum(["connecting", "connected"]),
  /** Of the state. */
  sinceMs: timeMs,
  /** All that it knows, without what may be secret in their URLs. */
  servers: z.array(z.string()),
  /** The one of the session; null while there is none. */
  server: z.string().nullable(),
  dialect: z.enum(["v1", "v2"]).nullable(),
  /** Sessions that began, since the start: the first one, and one for each that could not go on. */
  sessions: count,
  /** How often the last connection was lost. */
  disconnects: count,
  /** When it tries again; null while it tries, or need not. */
  nextAttemptMs: timeMs.nullable(),
  connections: z.array(clientConnectionSchema),
  tap: z.object({ name: z.string(), mac: z.string(), mtu: count, bridge: z.boolean() }),
  /** Of all connections, those that are gone included: on the wire, with all headers. */
  receivedBytes: count,
  sentBytes: count,
  /** Frames, in either direction. */
  drops: count,
  dropsByReason: dropCountsSchema,
  /** Frames that wait for a connection. */
  heldFrames: count,
  /** What went wrong last, whether or not it was mended since. */
  lastError: z.object({ atMs: timeMs, text: z.string() }).nullable(),
});
export type ClientStatus = z.infer<typeof clientStatusSchema>;
