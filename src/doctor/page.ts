import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { readBody } from "../transport/read-body.ts";
import type { ResponseHead } from "../wire/http.ts";
import { printable } from "../wire/printable.ts";

/** What tells one page from another stands at its beginning. */
const MAX_BODY_BYTES = 2_048;
const MAX_WORDS_LENGTH = 200;

/** What a web server says beside a status, in one line and without its markup; empty if it says nothing. */
export async function readPage(clock: Clock, socket: Socket, { headers }: ResponseHead, rest: Buffer): Promise<string> {
  const length = Number(headers.get("content-length") ?? MAX_BODY_BYTES);
  const wanted = Math.min(Number.isSafeInteger(length) ? length : MAX_BODY_BYTES, MAX_BODY_BYTES);
  const body = (await readBody(clock, socket, rest, wanted)).toString("utf8");
  const isMarkup = /^\s*</.test(body) || /html/i.test(headers.get("content-type") ?? "");
  const text = isMarkup ? body.replace(/<(style|script)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ") : body;
  return printable(text.replace(/\s+/g, " ").trim(), MAX_WORDS_LENGTH);
}
