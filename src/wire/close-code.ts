/** Why a WebSocket ends (RFC 6455, 7.4.1, and the IANA registry). */
export const CloseCode = {
  normal: 1000,
  /** The server shuts down, or the client process ends. */
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** A close frame without a code was received; never on the wire. */
  noStatus: 1005,
  /** The stream ended without a close frame; never on the wire. */
  abnormal: 1006,
  /** Text that is not UTF-8. */
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
} as const;

/** Whether `code` may stand in a close frame: registered and not internal, or of a library (3000) or application (4000). */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== CloseCode.noStatus && code !== CloseCode.abnormal;
}
