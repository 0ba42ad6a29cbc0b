/** What waits for who does not read: some minutes, beside what he missed. */
const MAX_WAITING_BYTES = 2 * 1_048_576;

/** One message in the form of server-sent events (HTML, 9.2.5). JSON has no line breaks. */
export function formatMessage(name: string, data: unknown, id?: number): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Server-sent events for one who listens. Who reads too slowly is cut: he comes again, and asks for what he missed. */
export class LiveStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #onClose: () => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** `onClose` is called once, however the stream ends. */
  constructor(onClose: () => void) {
    this.#onClose = onClose;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => {
          // It is closed already.
          this.#controller = undefined;
          this.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  send(name: string, data: unknown, id?: number): void {
    this.sendBytes(Buffer.from(formatMessage(name, data, id)));
  }

  /** Whole messages; kept, not copied. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.close();
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#wake?.();
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#controller?.close();
    this.#wake?.();
    this.#onClose();
  }

  /** Hands over everything that waits; if there is nothing, when there is something. */
  async #pull(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#isClosed) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#controller?.enqueue(bytes);
  }
}
