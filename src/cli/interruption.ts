/** Where a command writes: results to `stdout`, words about them to `stderr`. */
export interface OperatorOutput {
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
    hasColors?(): boolean;
  };
  readonly stderr: Pick<NodeJS.WritableStream, "write">;
}

/**
 * Runs a command that ctrl-c and SIGTERM end in order, and so does a reader who has seen enough (`| head`): the signal is
 * aborted then, and what the command throws because of that is no failure.
 */
export async function untilInterrupted(
  { stdout }: OperatorOutput,
  command: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  // It stays: the last words may fail when the command is done.
  stdout.on("error", end);
  try {
    await command(over.signal);
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}

/** Characters of a line: of the terminal, or of what has no width. */
export function widthOf({ stdout }: OperatorOutput): number {
  return stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
}
