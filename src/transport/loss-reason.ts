const LOSS_REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: "the connection was reset",
  EPIPE: "the other side closed the connection",
  ETIMEDOUT: "the other side answers no more",
  EHOSTUNREACH: "the other side cannot be reached any more",
};

/** In words, how a stream ended that said no goodbye. */
export function lossReason(cause: NodeJS.ErrnoException | undefined): string {
  if (cause === undefined) return "the stream ended without a close frame";
  return LOSS_REASONS[cause.code ?? ""] ?? cause.message;
}
