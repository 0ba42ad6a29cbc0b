/**
 * The uwsgi protocol, by which nginx hands over a request (uwsgi-docs, "The uwsgi Protocol"):
 *
 *     u8 modifier1 | u16le size | u8 modifier2 | size bytes of: u16le length, key, u16le length, value
 */
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

interface UwsgiLimits {
  /** The four bytes in front included; a size field cannot say more than 65539. */
  readonly maxBytes: number;
  readonly maxVars: number;
}

/** The C server gives up past 64 variables; a proxy in front of nginx and its headers easily make more. */
export const DEFAULT_UWSGI_LIMITS: UwsgiLimits = { maxBytes: 65_539, maxVars: 1000 };

export const UwsgiModifier = { request: 0, control: 1 } as const;

export type UwsgiVars = ReadonlyMap<string, string>;

export type UwsgiResult =
  | { readonly state: "more" }
  | { readonly state: "fault"; readonly message: string }
  | {
      readonly state: "done";
      readonly modifier1: number;
      readonly modifier2: number;
      /** The last value of a repeated key, as in the C server. */
      readonly vars: UwsgiVars;
      /** Bytes of the packet, counted from `start`. */
      readonly consumed: number;
    };

const HEADER_BYTES = 4;
const MAX_SIZE = 0xffff;

export function decodeUwsgi(bytes: Uint8Array, start: number, end: number, limits: UwsgiLimits): UwsgiResult {
  if (end - start < HEADER_BYTES) return { state: "more" };
  const packetEnd = start + HEADER_BYTES + readUint16(bytes, start + 1);
  if (packetEnd - start > limits.maxBytes) return fault(`uwsgi packet is over ${limits.maxBytes} bytes`);
  if (packetEnd > end) return { state: "more" };
  const vars = new Map<string, string>();
  const message = readVars(bytes, start + HEADER_BYTES, packetEnd, limits.maxVars, vars);
  if (message !== undefined) return fault(message);
  return {
    state: "done",
    modifier1: bytes[start] as number,
    modifier2: bytes[start + 3] as number,
    vars,
    consumed: packetEnd - start,
  };
}

/** A packet with modifier2 = 0. Throws a RangeError if the variables do not fit its 16-bit sizes. */
export function encodeUwsgi(modifier1: number, vars: Iterable<readonly [string, string]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, value] of vars) parts.push(...encodeString(key), ...encodeString(value));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > MAX_SIZE) throw new RangeError(`uwsgi variables take ${size} bytes, a packet holds ${MAX_SIZE}`);
  const bytes = new Uint8Array(HEADER_BYTES + size);
  bytes.set([modifier1, size & 0xff, size >>> 8, 0]);
  let at = HEADER_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Fills `vars`; returns what is wrong with the packet, if anything is. */
function readVars(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxVars: number,
  vars: Map<string, string>,
): string | undefined {
  let at = start;
  for (let count = 1; at < end; count++) {
    if (count > maxVars) return `more than ${maxVars} uwsgi variables`;
    const keyEnd = stringEnd(bytes, at, end);
    if (keyEnd === undefined) return "uwsgi key runs past its packet";
    if (keyEnd === at + 2) return "uwsgi key is empty";
    const valueEnd = stringEnd(bytes, keyEnd, end);
    if (valueEnd === undefined) return "uwsgi value runs past its packet";
    vars.set(readText(bytes, at + 2, keyEnd), readText(bytes, keyEnd + 2, valueEnd));
    at = valueEnd;
  }
  return undefined;
}

/** Where the string with its length at `at` ends; undefined if that is beyond `end`. */
function stringEnd(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (end - at < 2) return undefined;
  const result = at + 2 + readUint16(bytes, at);
  return result <= end ? result : undefined;
}

/**
 * UTF-8, as names of users and certificates are. Else each byte above 127 becomes a lone surrogate, U+DC80…U+DCFF
 * (the idea of Python's PEP 383), so that two different names of users never read the same.
 */
function readText(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(bytes, start, end);
  if (text !== undefined) return text;
  let escaped = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    escaped += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  }
  return escaped;
}

function encodeString(text: string): [length: Uint8Array, text: Uint8Array] {
  const bytes = encodeUtf8(text);
  if (bytes.length > MAX_SIZE) throw new RangeError(`uwsgi string is over ${MAX_SIZE} bytes`);
  return [Uint8Array.of(bytes.length & 0xff, bytes.length >>> 8), bytes];
}

/** Little-endian. */
function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function fault(message: string): UwsgiResult {
  return { state: "fault", message };
}
