/**
 * Errors are for the person who reads them: what was tried, why it failed, what to do.
 *
 * Each error carries a stable `code` for programs and one of three reactions, because the place that
 * catches an error decides by its kind and never by its text:
 *
 * - `exit`    the configuration is wrong: print the sentence, exit with status 2
 * - `stop`    a device failed under us: shut the process down in order, exit with status 1
 * - `refuse`  one peer misbehaved or may not come in: refuse or close that one, go on with the rest
 */
export type Reaction = "exit" | "stop" | "refuse";

export interface VpnErrorOptions {
  readonly cause?: unknown;
  /** What the reader can do about it; printed after the message. */
  readonly hint?: string;
}

/** The one error class of the product; subclasses only fix the reaction. */
export class VpnError extends Error {
  /** Stable, upper case with underscores, e.g. `TAP_NAME_TOO_LONG`. */
  readonly code: string;
  readonly reaction: Reaction;
  readonly hint: string | undefined;

  constructor(reaction: Reaction, code: string, message: string, options: VpnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reaction = reaction;
    this.code = code;
    this.hint = options.hint;
  }
}

/** A wrong flag, file or combination. Reaction: exit. */
export class ConfigError extends VpnError {
  constructor(code: string, message: string, options: VpnErrorOptions = {}) {
    super("exit", code, message, options);
  }
}

/** The TAP device or the kernel under it. Reaction: stop. */
export class DeviceError extends VpnError {
  constructor(code: string, message: string, options: VpnErrorOptions = {}) {
    super("stop", code, message, options);
  }
}

/** A remote side broke the protocol, or may not come in. Reaction: refuse. */
export class PeerError extends VpnError {
  constructor(code: string, message: string, options: VpnErrorOptions = {}) {
    super("refuse", code, message, options);
  }
}

/** The sentence for any thrown value, with its hint, and without a stack. */
export function describeError(error: unknown): string {
  if (error instanceof VpnError) return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
