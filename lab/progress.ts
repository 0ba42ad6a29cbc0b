/**
 * Tells a person what is going on: on a terminal a line per step with a turning mark and its time in colour, elsewhere
 * (a file, a CI) the same as plain lines.
 */
import type { WriteStream } from "node:tty";

const GREEN = "\x1b[32m";
const RED = "\x1b[31m";
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";
const CLEAR_LINE = "\r\x1b[2K";
const MARKS = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];
const TURN_MS = 100;

export class Progress {
  readonly #output: WriteStream;

  constructor(output: WriteStream) {
    this.#output = output;
  }

  /** Shows `title` while `work` runs, then how long it took. A failure of the work is passed on. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const stopTurning = this.#turn(title);
    try {
      const result = await work();
      stopTurning();
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      this.note(`${this.#colour(GREEN, "✓")} ${title} ${this.#colour(DIM, `${seconds} s`)}`);
      return result;
    } catch (error) {
      stopTurning();
      this.note(`${this.#colour(RED, "✗")} ${title}`);
      throw error;
    }
  }

  /** Writes a line. */
  note(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** Writes why it all failed. */
  fail(text: string): void {
    this.note(this.#colour(RED, `failed: ${text}`));
  }

  #turn(title: string): () => void {
    if (!this.#output.isTTY) return () => {};
    let turns = 0;
    const draw = (): void => {
      this.#output.write(`${CLEAR_LINE}${MARKS[turns++ % MARKS.length]} ${title}`);
    };
    draw();
    const timer = setInterval(draw, TURN_MS);
    return () => {
      clearInterval(timer);
      this.#output.write(CLEAR_LINE);
    };
  }

  #colour(colour: string, text: string): string {
    return this.#output.isTTY && !process.env.NO_COLOR ? `${colour}${text}${RESET}` : text;
  }
}
