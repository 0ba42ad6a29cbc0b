import { CommanderError } from "commander";
import { describeError, VpnError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";

/** Exit codes: 0 all went well, 1 a device or the system failed, 2 the configuration is wrong. */
const EXIT_CODES = { exit: 2, stop: 1, refuse: 1 } as const;

/** Runs a command; what it throws becomes one sentence on standard error and an exit code, never a stack trace. */
export async function runToExit(name: string, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has said what is wrong, or shown the help that was asked for.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.exit;
      return;
    }
    process.stderr.write(`${name}: ${describeError(error)}\n`);
    // A fault of ours is worth its stack to whoever reports it, but only if they ask.
    if (!(error instanceof VpnError) && process.env.VPN_WS_DEBUG !== undefined && error instanceof Error) {
      process.stderr.write(`${error.stack}\n`);
    }
    process.exitCode = error instanceof VpnError ? EXIT_CODES[error.reaction] : 1;
  }
}

export interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Waits for SIGTERM or SIGINT, for `asked`, which gives who or what asked, or for `failed`, then stops in order. A second
 * signal ends the process at once. Resolves after a signal or `asked`, rejects with what failed.
 */
export async function runUntilSignal(
  log: Logger,
  service: Stoppable,
  failed: Promise<never>,
  asked: Promise<string> = failed,
): Promise<void> {
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  try {
    const signal = await Promise.race([signalled, asked, failed]);
    log.info("process.stopping", `stopping on ${signal}`);
  } finally {
    await service.stop();
  }
}
