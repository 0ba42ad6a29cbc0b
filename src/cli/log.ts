import { type DestinationStream, destination, pino } from "pino";
import pretty from "pino-pretty";
import type { LogFields, Logger } from "../base/logger.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ["pretty", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/**
 * A logger to standard error: one JSON object per line with a stable `event`, or lines for people. Writing is
 * synchronous, so that the last words before an exit are not lost.
 */
export function makeLogger(format: LogFormat, level: LogLevel): Logger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream(format));
  const write =
    (method: "debug" | "info" | "warn" | "error") =>
    (event: string, message: string, fields: LogFields = {}): void =>
      log[method]({ event, ...fields }, message);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function stream(format: LogFormat): DestinationStream {
  const stderr = destination({ fd: 2, sync: true });
  if (format === "json") return stderr;
  return pretty({
    destination: stderr,
    colorize: process.stderr.isTTY === true,
    translateTime: "SYS:HH:MM:ss",
    hideObject: true,
  });
}
