import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import { withFileLock } from "./file-lock.ts";
import { replaceFile } from "./replace-file.ts";
import type { StateDirectory } from "./state-directory.ts";

export const DEFAULT_CLIENT_STATE_DIRECTORY = "/var/lib/vpn-ws-client";
const FILE_NAME = "credentials.json";
/** A client joins a handful of servers; beyond these the one that was joined first is forgotten. */
const MAX_SERVERS = 256;

const server = z.strictObject({
  /** `wss://…` with path and query. */
  url: z.string().min(1).max(4096),
  pins: z.array(z.string().max(64)).max(16).readonly(),
  /** `inviteHash` of what the credential was exchanged for. */
  invite: z.string().regex(/^[0-9a-f]{64}$/),
  /** Secret. */
  token: z.string().min(1).max(1024),
  user: z.string().min(1).max(256),
  /** Unix milliseconds. */
  expiresMs: z.int().optional(),
});
const file = z.strictObject({ version: z.literal(1), servers: z.array(server).max(MAX_SERVERS) });

/** A server that has given us a lasting credential, and how to reach it. */
export type KeptServer = Readonly<z.infer<typeof server>>;

/** What a one-use token is known by when it is used up: nobody finds 256 random bits by their hash. */
export function inviteHash(url: string, pins: readonly string[], token: string): string {
  return createHash("sha256")
    .update(JSON.stringify([url, pins, token]))
    .digest("hex");
}

/** The credentials that servers gave to a client, in one file of its state directory. */
export class KeptCredentials {
  readonly #path: string;

  constructor(directory: StateDirectory) {
    this.#path = directory.file(FILE_NAME);
  }

  /** Every server, in the order in which they were joined. Throws a ConfigError if the file is damaged. */
  list(): readonly KeptServer[] {
    return readServers(this.#path);
  }

  /** Puts it in the place of what was kept for the same URL and pins. It is on the disk when this resolves. */
  async keep(kept: KeptServer): Promise<void> {
    await withFileLock(this.#path, async () => {
      const key = serverKey(kept);
      const others = readServers(this.#path).filter((one) => serverKey(one) !== key);
      const text = formatServers([...others, kept].slice(-MAX_SERVERS));
      await replaceFile(this.#path, text, { mode: 0o600, owner: undefined });
    });
  }
}

function serverKey({ url, pins }: KeptServer): string {
  return JSON.stringify([url, [...pins].sort()]);
}

/** Throws for what could not be read again, which would lose all the others. */
function formatServers(servers: readonly KeptServer[]): string {
  const { success } = file.safeParse({ version: 1, servers });
  if (!success) throw new ConfigError("CREDENTIAL_UNFIT", "its URL, its pins or its user are too long to be kept.");
  return `${JSON.stringify({ version: 1, servers }, undefined, 2)}\n`;
}

function readServers(path: string): readonly KeptServer[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw new ConfigError("CREDENTIALS_UNREADABLE", `cannot read ${path}: ${String(cause)}.`, { cause });
  }
  const parsed = file.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.servers;
  // Neither the text nor what the parser says of it: both may hold a secret.
  throw new ConfigError("CREDENTIALS_DAMAGED", `${path} is not what this version has written.`, {
    hint: "Restore it, or remove it and ask the server's operator for a new invite.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
