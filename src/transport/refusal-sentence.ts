import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { ResponseHead } from "../wire/http.ts";
import { printable } from "../wire/printable.ts";

/** Our server's sentences are shorter; what is longer is a page. */
const MAX_BODY_BYTES = 1024;
const MAX_SENTENCE_LENGTH = 300;
/** The status alone is worth reporting: who does not send the rest soon is not waited for. */
const READ_TIMEOUT_MS = 2_000;

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
  const body = await readBytes(clock, socket, rest, Number(length));
  const [line = ""] = body.toString("utf8").split("\n");
  return printable(line, MAX_SENTENCE_LENGTH).trim();
}

/** As many bytes as were asked for, or as come before the stream is over or too slow. */
function readBytes(clock: Clock, socket: Socket, rest: Buffer, length: number): Promise<Buffer> {
  const chunks = [rest];
  let missing = length - rest.length;
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      socket.pause();
      socket.off("data", onData).off("end", finish).off("close", finish);
      resolve(Buffer.concat(chunks).subarray(0, length));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing <= 0) finish();
    };
    const cancel = clock.after(READ_TIMEOUT_MS, finish);
    if (missing <= 0 || socket.destroyed) finish();
    else socket.on("data", onData).once("end", finish).once("close", finish).resume();
  });
}
