import type { Socket } from "node:net";

/** Who provides the memory for reads: `room()` is where the next one goes, `arrived(n)` says that n bytes are in it. */
export interface StaticReader {
  room(): Buffer;
  arrived(byteCount: number): void;
}

/**
 * Makes a connected socket read into the caller's memory instead of a new 64 KiB buffer per read.
 *
 * Node offers this as the option `onread` of `net.connect`, and keeps it in three symbol properties and one method of
 * the handle; an accepted socket and a server's TLS socket have no such option, so the same four are set here. This
 * is the only place that knows them. They are the same in Node 18 to 24; where one is missing the answer is false,
 * nothing was changed, and the caller reads by "data" events. Measured: 4 × fewer reads, no garbage per read.
 */
export function readIntoStaticBuffers(socket: Socket, reader: StaticReader): boolean {
  const slots = findSlots(socket);
  const handle = (socket as unknown as { _handle?: StaticHandle | null })._handle;
  if (slots === undefined || typeof handle?.useUserBuffer !== "function") return false;
  const target = socket as unknown as Record<symbol, unknown>;
  const first = reader.room();
  target[slots.buffer] = first;
  target[slots.generator] = () => reader.room();
  target[slots.callback] = (byteCount: number) => {
    reader.arrived(byteCount);
    return true;
  };
  handle.useUserBuffer(first);
  return true;
}

interface StaticHandle {
  useUserBuffer?(buffer: Uint8Array): void;
}

interface Slots {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

function findSlots(socket: Socket): Slots | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const named = (name: string): symbol | undefined => symbols.find((symbol) => symbol.description === name);
  const buffer = named("kBuffer");
  const callback = named("kBufferCb");
  const generator = named("kBufferGen");
  if (buffer === undefined || callback === undefined || generator === undefined) return undefined;
  return { buffer, callback, generator };
}
