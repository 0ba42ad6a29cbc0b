import type { ByteStream } from "../src/transport/byte-stream.ts";

/** In the place of a ByteStream: keeps what is written, and takes it at once or when the test says so. */
export class StandInStream {
  /** The bytes of each system call. */
  readonly calls: Buffer[] = [];
  /** Whether the kernel takes a write at once. */
  isFast = true;
  writing = false;
  takenBytes = 0;
  #borrowed: readonly Uint8Array[] = [];

  write(bytes: Uint8Array): boolean {
    return this.writePieces([bytes]);
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    if (this.writing) throw new Error("written to while a write was under way");
    this.#borrowed = [...pieces];
    for (const { length } of pieces) this.takenBytes += length;
    if (this.isFast) this.#take();
    else this.writing = true;
    return this.isFast;
  }

  /** The kernel takes what was borrowed: only now are its bytes looked at. Whoever wrote it has to be told. */
  drain(): void {
    this.writing = false;
    this.#take();
  }

  get sent(): Buffer {
    return Buffer.concat(this.calls);
  }

  #take(): void {
    this.calls.push(Buffer.concat(this.#borrowed));
    this.#borrowed = [];
  }
}

/** ByteStream has private fields, so that nothing else is one to the compiler. */
export function asByteStream(stream: StandInStream): ByteStream {
  return stream as unknown as ByteStream;
}
