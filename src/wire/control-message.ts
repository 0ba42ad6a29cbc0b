/**
 * The text messages of vpn-ws.v2: one JSON object each, told apart by `kind`. Unknown kinds and fields are ignored,
 * so either side may be the newer one. What is read is bounded and checked; nothing else of the object is kept.
 */
import { z } from "zod";
import { OFFLOAD_ALL } from "./offload.ts";
import { printable } from "./printable.ts";
import { MAX_SESSION_CONNECTIONS, SESSION_TOKEN } from "./session-claim.ts";

/** Longest text that is looked at, in UTF-16 units. */
export const MAX_CONTROL_TEXT_LENGTH = 16_384;

const MAX_PHRASE_LENGTH = 1024;

/** Addresses of one device; more are an error. */
export const MAX_ADDRESSES = 16;

/** Words for people, made harmless: one line, printable, at most 1024 characters. */
const phrase = z.string().transform((text) => printable(text, MAX_PHRASE_LENGTH));

/** Payload of an Ethernet frame in bytes; 68 is the least that IPv4 allows. */
const mtu = z.int().min(68).max(65_535);

/** A sum of `Offload` bits; bits that this version does not know are taken away. */
const offloads = z
  .int()
  .min(0)
  .max(0x7fff_ffff)
  .transform((bits) => bits & OFFLOAD_ALL);

const hello = z.object({ kind: z.literal("hello"), agent: phrase, mtu, offloads });

const welcome = z.object({
  kind: z.literal("welcome"),
  agent: phrase,
  mtu,
  offloads,
  /** Largest binary message the server takes. */
  maxMessageBytes: z.int().min(128).max(0x100_0000),
  /** Addresses with prefix lengths, such as `10.9.0.2/24`, that the server's policy gives to the client's device. */
  addresses: z
    .array(z.string().regex(/^[0-9A-Fa-f:.]{2,45}\/\d{1,3}$/))
    .max(MAX_ADDRESSES)
    .optional(),
  /** What takes this session back, and adds connections to it; see `SessionClaim`. */
  session: z
    .object({
      /** Secret. */
      token: z.string().regex(SESSION_TOKEN),
      /** How long the session waits for a client that has no connection left. */
      holdMs: z.int().min(0).max(86_400_000),
      maxConnections: z.int().min(1).max(MAX_SESSION_CONNECTIONS),
    })
    .optional(),
  /** The congestion control of the server's end (`bbr`, `cubic`), if this connection ends at it and not at a web server. */
  congestion: z
    .string()
    .regex(/^[a-z0-9_-]{1,16}$/)
    .optional(),
  /** Whether the server answers echo frames; see echo-frame.ts. */
  echo: z.boolean().optional(),
});

const update = z.object({ kind: z.literal("update"), mtu: mtu.optional(), offloads: offloads.optional() });

const bye = z.object({
  kind: z.literal("bye"),
  /** A stable word for programs, such as `shutting-down`. */
  reason: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  message: phrase,
  retryAfterMs: z.int().min(0).max(86_400_000).optional(),
});

const credential = z.object({
  kind: z.literal("credential"),
  /** A bearer token (RFC 6750, 2.1). Secret. */
  token: z.string().regex(/^[A-Za-z0-9._~+/-]{1,512}={0,2}$/),
  user: z
    .string()
    .min(1)
    .max(256)
    .transform((text) => printable(text)),
  /** Unix milliseconds when the token ends; it does not if there are none. The largest is a Date's. */
  expiresMs: z.int().min(0).max(8.64e15).optional(),
});

/** The longest silence that may be asked for: above the limits of all common proxies but those who mean hours. */
const MAX_QUIET_MS = 150_000;

const quiet = z.object({ kind: z.literal("quiet"), forMs: z.int().min(0).max(MAX_QUIET_MS) });

const controlMessage = z.discriminatedUnion("kind", [hello, welcome, update, bye, credential, quiet]);
const envelope = z.object({ kind: z.string().max(64) });
const KINDS: ReadonlySet<string> = new Set(["hello", "welcome", "update", "bye", "credential", "quiet"]);

/** First words of a client: what it is and what its device takes. */
export type HelloMessage = z.infer<typeof hello>;
/** The server's answer to `hello`, with the limits of this network. */
export type WelcomeMessage = z.infer<typeof welcome>;
/** What changed since hello or welcome. */
export type UpdateMessage = z.infer<typeof update>;
/** Why the sender is about to close, and when it is worth coming back. */
type ByeMessage = z.infer<typeof bye>;
/**
 * What the client is to show from now on, for one that came with a one-use token. The server sends it right behind its
 * first welcome, once.
 */
export type CredentialMessage = z.infer<typeof credential>;
/** The client wants to see what silence does to its connection: neither side is to ping, or to give up, for so long. */
type QuietMessage = z.infer<typeof quiet>;
export type ControlMessage =
  | HelloMessage
  | WelcomeMessage
  | UpdateMessage
  | ByeMessage
  | CredentialMessage
  | QuietMessage;

type ControlMessageResult =
  | { readonly state: "message"; readonly message: ControlMessage }
  | { readonly state: "unknown"; readonly kind: string }
  | { readonly state: "fault"; readonly message: string };

export function parseControlMessage(text: string): ControlMessageResult {
  if (text.length > MAX_CONTROL_TEXT_LENGTH)
    return fault(`control message is over ${MAX_CONTROL_TEXT_LENGTH} characters`);
  const json = parseJson(text);
  const { data: known, success } = envelope.safeParse(json);
  if (!success) return fault("control message is not a JSON object with a kind");
  if (!KINDS.has(known.kind)) return { state: "unknown", kind: printable(known.kind) };
  const result = controlMessage.safeParse(json);
  if (result.success) return { state: "message", message: result.data };
  const field = result.error.issues[0]?.path.join(".") ?? "";
  return fault(`control message ${known.kind}: ${field} is missing or out of range`);
}

export function formatControlMessage(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** Undefined, which is no JSON value, if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fault(message: string): ControlMessageResult {
  return { state: "fault", message };
}
