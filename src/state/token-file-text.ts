/** The text of the token file: JSON with a version, one object per token. */
import { z } from "zod";
import type { TokenRecord } from "../access/token.ts";
import { MAX_TOKENS } from "../access/token-table.ts";
import { ConfigError } from "../base/errors.ts";

const VERSION = 1;

const time = z.int().min(0);
const tokenId = z.string().regex(/^[0-9a-f]{8}$/);
const record = z.strictObject({
  id: tokenId,
  /** SHA-256 of the secret. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  user: z.string().min(1),
  kind: z.enum(["token", "invite", "credential"]),
  network: z.string().min(1).optional(),
  groups: z.array(z.string().min(1)),
  createdMs: time,
  expiresMs: time.optional(),
  revokedMs: time.optional(),
  usesLeft: z.int().min(0).optional(),
  invite: tokenId.optional(),
});
const file = z.strictObject({ version: z.literal(VERSION), tokens: z.array(record).max(MAX_TOKENS) });

/** Throws a ConfigError `TOKENS_INVALID` that names the path and the place, never what stands there. */
export function parseTokenFile(text: string, path: string): readonly TokenRecord[] {
  const parsed = file.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const { path: place, code } = parsed.error.issues[0] ?? { path: [], code: "unknown" };
    throw fault(`${path} is not a token file that this version can read: ${place.join(".") || "the whole"} (${code}).`);
  }
  const records = parsed.data.tokens.map(
    ({ network, expiresMs, revokedMs, usesLeft, invite, ...rest }): TokenRecord => ({
      ...rest,
      network,
      expiresMs,
      revokedMs,
      usesLeft,
      invite,
    }),
  );
  const names = new Set(records.flatMap(({ id, hash }) => [id, hash]));
  if (names.size < 2 * records.length) throw fault(`${path} has a token twice.`);
  return records;
}

export function formatTokenFile(tokens: readonly TokenRecord[]): string {
  return `${JSON.stringify({ version: VERSION, tokens }, undefined, 2)}\n`;
}

/** The engine's own message would quote the text. */
function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fault(`${path} is not a token file: it is no JSON.`);
  }
}

function fault(message: string): ConfigError {
  return new ConfigError("TOKENS_INVALID", message, {
    hint: "Restore it from a copy, or move it away: then no token is good any more.",
  });
}
