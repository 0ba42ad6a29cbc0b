import { PassThrough } from "node:stream";
import type { OperatorOutput } from "../src/cli/interruption.ts";

/** What stands in for standard output: keeps what was written; a terminal if it has columns. */
class WrittenText extends PassThrough {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;

  constructor(columns: number, rows: number) {
    super({ encoding: "utf8" });
    this.isTTY = columns > 0;
    this.columns = columns;
    this.rows = rows;
    this.on("data", (chunk: string) => {
      this.text += chunk;
    });
  }

  hasColors(): boolean {
    return true;
  }
}

/** Where an operator's command writes to in a test. */
export class OperatorScreen implements OperatorOutput {
  readonly stdout: WrittenText;
  readonly stderr = new WrittenText(0, 0);

  /** Without columns it is no terminal. */
  constructor(columns = 0, rows = 24) {
    this.stdout = new WrittenText(columns, rows);
  }

  /** What was written to standard output, so far. */
  get text(): string {
    return this.stdout.text;
  }

  /** Its lines, without the last empty one. */
  get lines(): readonly string[] {
    return this.text.replace(/\n$/, "").split("\n");
  }

  /** The words about it, so far. */
  get words(): string {
    return this.stderr.text;
  }
}
