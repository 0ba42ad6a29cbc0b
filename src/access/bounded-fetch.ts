import type { Clock } from "../base/clock.ts";
import { decodeUtf8 } from "../wire/utf8.ts";

/** What is needed of the global `fetch`. */
export type Fetch = (
  url: string,
  init: {
    readonly redirect: "error";
    readonly signal: AbortSignal;
    readonly headers: Readonly<Record<string, string>>;
  },
) => Promise<Response>;

export interface BoundedFetchDeps {
  readonly clock: Clock;
  readonly fetch: Fetch;
}

/** From the request to the last byte, in milliseconds. */
export const FETCH_TIMEOUT_MS = 5_000;
/** A key set has a few KiB, a discovery document too. */
export const MAX_FETCHED_BYTES = 1_048_576;

/** Whether keys may come from there: what crosses in clear can be replaced on the way, except on this machine. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/**
 * Fetches a JSON document's text. Rejects with an Error that says why not: an address that is not trustworthy, an
 * answer other than 200, a redirect (it could lead anywhere, also back into clear), too slow, too large, not UTF-8.
 */
export async function fetchText({ clock, fetch }: BoundedFetchDeps, url: string): Promise<string> {
  if (!isTrustworthyUrl(url)) throw new Error("the address is not https");
  const abort = new AbortController();
  const cancel = clock.after(FETCH_TIMEOUT_MS, () => abort.abort(new Error(`no answer in ${FETCH_TIMEOUT_MS} ms`)));
  try {
    const headers = { accept: "application/json, application/jwk-set+json" };
    const response = await fetch(url, { redirect: "error", signal: abort.signal, headers });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the answer is ${response.status}`);
    }
    return await readText(response);
  } finally {
    cancel();
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > MAX_FETCHED_BYTES) throw new Error(`the answer is over ${MAX_FETCHED_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = decodeUtf8(Buffer.concat(chunks), 0, size);
  if (text === undefined) throw new Error("the answer is not UTF-8");
  return text;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
