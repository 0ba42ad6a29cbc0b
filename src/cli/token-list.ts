import { type TokenRecord, tokenState } from "../access/token.ts";
import { unpainted } from "./paint.ts";
import { type Column, formatTable } from "./text-table.ts";

/** Tokens as a table for people; without tokens, a line that says so. */
export function formatTokens(tokens: readonly TokenRecord[], nowUnixMs: number): string {
  if (tokens.length === 0) return "There are no tokens.\n";
  const lines = formatTable(columnsAt(nowUnixMs), tokens, { width: Number.POSITIVE_INFINITY, paint: unpainted });
  return `${lines.join("\n")}\n`;
}

/** Tokens for programs, times in Unix milliseconds. The hashes are left away: nobody needs them. */
export function formatTokensJson(tokens: readonly TokenRecord[], nowUnixMs: number): string {
  const shown = tokens.map((token) => ({ ...token, hash: undefined, state: tokenState(token, nowUnixMs) }));
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

function columnsAt(nowUnixMs: number): readonly Column<TokenRecord>[] {
  return [
    { heading: "ID", cell: ({ id }) => id },
    { heading: "USER", cell: ({ user }) => user },
    { heading: "KIND", cell: ({ kind }) => kind },
    { heading: "NETWORK", cell: ({ network }) => network ?? "any" },
    { heading: "GROUPS", cell: ({ groups }) => (groups.length === 0 ? "-" : groups.join(",")) },
    { heading: "CREATED", cell: ({ createdMs }) => formatTime(createdMs) },
    { heading: "EXPIRES", cell: ({ expiresMs }) => (expiresMs === undefined ? "never" : formatTime(expiresMs)) },
    { heading: "USES LEFT", cell: ({ usesLeft }) => (usesLeft === undefined ? "any" : String(usesLeft)) },
    { heading: "STATE", cell: (token) => tokenState(token, nowUnixMs) },
  ];
}

/** UTC, to the second. */
function formatTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, "Z");
}
