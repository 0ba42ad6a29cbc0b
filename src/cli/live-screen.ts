import type { OperatorOutput } from "./interruption.ts";

/** Control sequences of every terminal since the VT100; the other screen is xterm's (1049), as in top and less. */
const OTHER_SCREEN = "\x1b[?1049h";
const FIRST_SCREEN = "\x1b[?1049l";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const HOME = "\x1b[H";
const CLEAR_REST_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** q, Q, and ctrl-c and ctrl-d, which a raw terminal sends as keys. */
const END_KEYS: ReadonlySet<number> = new Set([0x71, 0x51, 0x03, 0x04]);

/** Keys of whoever looks. */
export interface Keyboard {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  on(event: "data", listener: (keys: Buffer) => void): unknown;
  off(event: "data", listener: (keys: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface LiveScreenOptions {
  /** As if it were no terminal. */
  readonly isPlain: boolean;
  /** Somebody has seen enough. */
  readonly onEnd: () => void;
}

/**
 * A screen that is drawn again and again in place, until q or ctrl-c. What is no terminal gets everything one below the
 * other.
 */
export class LiveScreen {
  readonly #output: OperatorOutput;
  readonly #keyboard: Keyboard;
  readonly #options: LiveScreenOptions;
  readonly #onKeys = (keys: Buffer): void => {
    if (keys.some((key) => END_KEYS.has(key))) this.#options.onEnd();
  };

  constructor(output: OperatorOutput, keyboard: Keyboard, options: LiveScreenOptions) {
    this.#output = output;
    this.#keyboard = keyboard;
    this.#options = options;
  }

  get isTerminal(): boolean {
    return this.#output.stdout.isTTY === true && !this.#options.isPlain;
  }

  /** Lines that can be seen at once. */
  get height(): number {
    return this.isTerminal ? (this.#output.stdout.rows ?? 24) : Number.POSITIVE_INFINITY;
  }

  open(): void {
    if (!this.isTerminal) return;
    this.#output.stdout.write(OTHER_SCREEN + HIDE_CURSOR);
    if (this.#keyboard.isTTY !== true) return;
    this.#keyboard.setRawMode?.(true);
    this.#keyboard.on("data", this.#onKeys);
    this.#keyboard.resume();
  }

  /** Shows these lines, as many as there is room for, in the place of those before. */
  draw(lines: readonly string[]): void {
    if (!this.isTerminal) {
      this.#output.stdout.write(`${lines.join("\n")}\n\n`);
      return;
    }
    const text = lines.slice(0, this.height).map((line) => line + CLEAR_REST_OF_LINE);
    this.#output.stdout.write(HOME + text.join("\n") + CLEAR_BELOW);
  }

  /** Leaves the terminal as it was. */
  close(): void {
    if (!this.isTerminal) return;
    this.#output.stdout.write(SHOW_CURSOR + FIRST_SCREEN);
    if (this.#keyboard.isTTY !== true) return;
    this.#keyboard.off("data", this.#onKeys);
    this.#keyboard.setRawMode?.(false);
    this.#keyboard.pause();
  }
}
