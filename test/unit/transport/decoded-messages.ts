import assert from "node:assert/strict";
import { maskBytes } from "../../../src/wire/mask.ts";
import { type Dialect, WebSocketDecoder } from "../../../src/wire/websocket-decoder.ts";

/** The payloads of the binary messages that these bytes are, to the last one; `role` is the reader's. */
export function decodeMessages(bytes: Uint8Array, role: "server" | "client", dialect: Dialect): Buffer[] {
  const messages: Buffer[] = [];
  const unexpected = (what: string) => () => assert.fail(`a ${what}`);
  const decoder = new WebSocketDecoder(
    { role, dialect, maxMessageBytes: 70_000, mask: maskBytes },
    {
      onBinary: (all, start, end) => messages.push(Buffer.from(all.subarray(start, end))),
      onText: unexpected("text"),
      onPing: unexpected("ping"),
      onPong: unexpected("pong"),
      onClose: unexpected("close"),
    },
  );
  const copy = Uint8Array.from(bytes);
  assert.equal(decoder.decode(copy, 0, copy.length), copy.length, decoder.fault?.message ?? "a message is not whole");
  return messages;
}
