import { maskBytes } from "../../../src/wire/mask.ts";
import { WebSocketDecoder, type WebSocketDecoderOptions } from "../../../src/wire/websocket-decoder.ts";

export type RecordingOptions = Partial<Omit<WebSocketDecoderOptions, "mask">>;

/** What a decoder said of a stream: its events as text in order, a fault last. */
export interface Recording {
  readonly events: readonly string[];
  readonly fault: WebSocketDecoder["fault"];
  /** Bytes left over, and what the decoder said it needs. */
  readonly leftBytes: number;
  readonly neededBytes: number;
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Feeds a stream in chunks as a connection would: what was not consumed is presented again, in front of the next chunk. */
export function recordEvents(chunks: readonly Uint8Array[], options: RecordingOptions = {}): Recording {
  const events: string[] = [];
  const decoder = new WebSocketDecoder(
    { role: "server", dialect: "v2", maxMessageBytes: 70_000, mask: maskBytes, ...options },
    {
      onBinary: (bytes, start, end) => events.push(`binary ${toHex(bytes.subarray(start, end))}`),
      onText: (text) => events.push(`text ${text}`),
      onPing: (payload) => events.push(`ping ${toHex(payload)}`),
      onPong: (payload) => events.push(`pong ${toHex(payload)}`),
      onClose: (code, reason) => events.push(`close ${code} ${reason}`),
    },
  );
  let pending = new Uint8Array(0);
  for (const chunk of chunks) {
    const bytes = new Uint8Array(pending.length + chunk.length);
    bytes.set(pending);
    bytes.set(chunk, pending.length);
    pending = bytes.slice(decoder.decode(bytes, 0, bytes.length));
  }
  if (decoder.fault !== undefined) events.push(`fault ${decoder.fault.closeCode}`);
  return { events, fault: decoder.fault, leftBytes: pending.length, neededBytes: decoder.neededBytes };
}

/** `bytes` cut at the given offsets, in any order. */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const cuts = [0, ...offsets.map((offset) => Math.min(offset, bytes.length)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end));
}

/** `bytes` one by one. */
export function eachByte(bytes: Uint8Array): Uint8Array[] {
  return [...bytes].map((byte) => Uint8Array.of(byte));
}
