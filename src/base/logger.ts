/**
 * What the parts need of a logger. `event` is a stable name (`peer.joined`), for programs; `message` is for people.
 * Never pass a secret. Never log per frame.
 */
export interface Logger {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, LogValue | readonly string[] | Readonly<Record<string, number>>>>;

type LogValue = string | number | boolean | null | undefined;

const ignore = (): void => {};

/** Says nothing; for tests. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
