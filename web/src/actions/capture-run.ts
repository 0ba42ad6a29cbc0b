import { Store } from "../data/store.ts";

export type CaptureState =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly bytes: number }
  /** `file` has what came until then; it is empty if nothing did. `why` is a sentence if it was not asked for. */
  | { readonly state: "ended"; readonly file: Blob; readonly why: string | undefined };

/** A capture is gathered in the browser's memory, because a download that is stopped is thrown away. */
export const MAX_CAPTURE_BYTES = 64_000_000;
const TYPE = "application/x-pcapng";

/** One capture: gathers what the server sends until it is stopped. */
export class CaptureRun {
  readonly state = new Store<CaptureState>({ state: "idle" });
  readonly #abort = new AbortController();
  readonly #open: (signal: AbortSignal) => Promise<Response>;

  constructor(open: (signal: AbortSignal) => Promise<Response>) {
    this.#open = open;
  }

  /** Ends when it is stopped, has gathered enough, or failed; never throws. */
  async run(): Promise<void> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    this.state.set({ state: "running", bytes: 0 });
    const why = await this.#gather(chunks).catch((error: Error) =>
      this.#abort.signal.aborted ? undefined : error.message,
    );
    this.#abort.abort();
    this.state.set({ state: "ended", file: new Blob(chunks, { type: TYPE }), why });
  }

  stop(): void {
    this.#abort.abort();
  }

  async #gather(chunks: Uint8Array<ArrayBuffer>[]): Promise<string> {
    const { body } = await this.#open(this.#abort.signal);
    let bytes = 0;
    for (const reader = body?.getReader(); reader !== undefined; ) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      bytes += value.length;
      this.state.set({ state: "running", bytes });
      if (bytes >= MAX_CAPTURE_BYTES) return "The browser keeps no more than this; `vpn-ws capture` has no such limit.";
    }
    return "The server ended the capture.";
  }
}
