import { type TokenRecord, tokenState } from "../access/token.ts";
import { printable } from "../wire/printable.ts";

const HEADINGS = ["ID", "USER", "KIND", "NETWORK", "GROUPS", "CREATED", "EXPIRES", "USES LEFT", "STATE"];

/** Tokens as a table for people; without tokens, a line that says so. */
export function formatTokens(tokens: readonly TokenRecord[], nowUnixMs: number): string {
  if (tokens.length === 0) return "There are no tokens.\n";
  const rows = [HEADINGS, ...tokens.map((token) => cellsOf(token, nowUnixMs))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** Tokens for programs, times in Unix milliseconds. The hashes are left away: nobody needs them. */
export function formatTokensJson(tokens: readonly TokenRecord[], nowUnixMs: number): string {
  const shown = tokens.map((token) => ({ ...token, hash: undefined, state: tokenState(token, nowUnixMs) }));
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

function cellsOf(token: TokenRecord, nowUnixMs: number): readonly string[] {
  const { id, user, kind, network, groups, createdMs, expiresMs, usesLeft } = token;
  return [
    id,
    printable(user),
    kind,
    printable(network ?? "any"),
    groups.length === 0 ? "-" : printable(groups.join(",")),
    formatTime(createdMs),
    expiresMs === undefined ? "never" : formatTime(expiresMs),
    usesLeft === undefined ? "any" : String(usesLeft),
    tokenState(token, nowUnixMs),
  ];
}

/** UTC, to the second. */
function formatTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, "Z");
}
