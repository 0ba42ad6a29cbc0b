/** Why a connection, or TLS over it, could not be made: what is common to servers and proxies. */
export interface ConnectFault {
  /** Node's or OpenSSL's; empty if there is none. */
  readonly code: string;
  /** Words for people. */
  readonly reason: string;
}

export function connectFaultOf(error: Error): ConnectFault {
  const cause = firstCause(error);
  return { code: (cause as NodeJS.ErrnoException).code ?? "", reason: reasonOf(cause) };
}

/** OpenSSL's messages carry the thread, its source files and a line feed; its reason alone is words for people. */
function reasonOf(error: Error): string {
  return "reason" in error && typeof error.reason === "string" ? error.reason : error.message;
}

/** When every address of a name failed, Node throws an AggregateError without a message of its own. */
function firstCause(error: Error): Error {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? first : error;
}
