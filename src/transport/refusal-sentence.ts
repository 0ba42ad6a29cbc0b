import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { ResponseHead } from "../wire/http.ts";
import { printable } from "../wire/printable.ts";
import { readBody } from "./read-body.ts";

/** Our server's sentences are shorter; what is longer is a page. */
const MAX_BODY_BYTES = 1024;
const MAX_SENTENCE_LENGTH = 300;

/**
 * What a server says beside a refusal: the first line of a short plain text, made printable; empty for anything else,
 * such as a web server's page. `rest`: the bytes that came behind the head.
 */
export async function readRefusalSentence(
  clock: Clock,
  socket: Socket,
  { headers }: ResponseHead,
  rest: Buffer,
): Promise<string> {
  const length = headers.get("content-length") ?? "";
  const isPlain = /^text\/plain\s*(;|$)/i.test(headers.get("content-type") ?? "");
  if (!isPlain || !/^\d{1,4}$/.test(length) || Number(length) > MAX_BODY_BYTES) return "";
  const body = await readBody(clock, socket, rest, Number(length));
  const [line = ""] = body.toString("utf8").split("\n");
  return printable(line, MAX_SENTENCE_LENGTH).trim();
}
