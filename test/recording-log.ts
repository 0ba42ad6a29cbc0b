import type { LogFields, Logger } from "../src/base/logger.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps what it was told. */
export class RecordingLog implements Logger {
  readonly lines: LogLine[] = [];
  readonly debug = this.#at("debug");
  readonly info = this.#at("info");
  readonly warn = this.#at("warn");
  readonly error = this.#at("error");

  #at(level: LogLine["level"]): Logger["info"] {
    return (event, message, fields = {}) => void this.lines.push({ level, event, message, fields });
  }

  /** The lines of one event, in order. */
  of(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  get text(): string {
    return this.lines
      .map(({ level, event, message, fields }) => `${level} ${event} ${message} ${JSON.stringify(fields)}`)
      .join("\n");
  }
}
