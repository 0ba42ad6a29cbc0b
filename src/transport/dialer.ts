import type { Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { PeerError } from "../base/errors.ts";
import { AGENT } from "../base/version.ts";
import { DEFAULT_HTTP_LIMITS, mayHeadBeSettled, parseResponseHead, type ResponseHead } from "../wire/http.ts";
import type { Mac } from "../wire/mac.ts";
import { checkOpeningResponse, formatOpening, newWebSocketKey } from "../wire/opening.ts";
import type { SessionClaim } from "../wire/session-claim.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { type ClientCredentials, formatAuthorization } from "./client-credentials.ts";
import { connectError, handshakeError, lateError, pinError, type Shown, statusError } from "./dial-error.ts";
import { connectFirst } from "./happy-eyeballs.ts";
import { keyPin } from "./key-pin.ts";
import { type HeadFormat, readHead } from "./read-head.ts";
import { readRefusalSentence } from "./refusal-sentence.ts";
import { type ServerUrl, serverName } from "./server-url.ts";
import { TLS_SETTINGS } from "./tls-settings.ts";
import type { UpgradedSocket } from "./upgraded-socket.ts";
import type { WayOut } from "./way-out.ts";

export interface TlsClientOptions {
  /** PEM; the system's list if undefined. */
  readonly ca: Buffer | undefined;
  /** PEM of the client's own certificate and key. */
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  /**
   * If there are any, the server's key must be one of these (`sha256/…`, see `keyPin`), and that is enough: who signed
   * the certificate, for which name and until when is not asked.
   */
  readonly pins: readonly string[];
  /** False, and no pins: any certificate will do. Whoever sits on the path can then read and write everything. */
  readonly verify: boolean;
}

export interface DialOptions {
  readonly url: ServerUrl;
  readonly tls: TlsClientOptions;
  readonly way: WayOut;
  readonly credentials: ClientCredentials | undefined;
  readonly mac: Mac;
  readonly bridge: boolean;
  /** The session that is to go on; undefined for a new one. */
  readonly session?: SessionClaim | undefined;
  /** Dialects offered, the best first. */
  readonly dialects: readonly Dialect[];
  /** For each of the two steps: connecting (TLS included), and the answer to the upgrade. */
  readonly timeoutMs: number;
}

/** Connects to the first address that answers, runs TLS, upgrades. Rejects with a PeerError that says what to do. */
export async function dial(clock: Clock, options: DialOptions, signal: AbortSignal): Promise<UpgradedSocket> {
  // Ends every socket that there is, whether we are called off, or late, or refused.
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  signal.addEventListener("abort", abort, { once: true });
  // A signal that was given already does not come again.
  if (signal.aborted) abort();
  try {
    const socket = await connected(clock, options, attempt.signal);
    return await upgrade(clock, socket, options);
  } catch (error) {
    abort();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function connected(clock: Clock, options: DialOptions, signal: AbortSignal): Promise<Socket> {
  const { url, timeoutMs } = options;
  return new Promise<Socket>((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(lateError(url, "connecting", timeoutMs)));
    const fail = (error: Error): void => {
      cancel();
      reject(connectError(url, error));
    };
    // A look-up cannot be called off, only left alone.
    signal.addEventListener("abort", () => fail(new Error("the attempt was called off")), { once: true });
    connectFirst(clock, url, signal)
      .then((socket) => (url.isSecure ? startTls(socket, options) : socket))
      .then((socket) => {
        cancel();
        resolve(socket);
      }, fail);
  });
}

/**
 * TLS over a connection; the socket goes with it, and it with the socket. No session is ever resumed, so the
 * certificate is checked each time, before a byte of the request is sent.
 */
function startTls(socket: Socket, { url, tls }: DialOptions): Promise<Socket> {
  const servername = serverName(url);
  const stream = connectTls({
    socket,
    host: url.host,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: tls.verify && tls.pins.length === 0,
    ...TLS_SETTINGS,
    ...(servername === undefined ? {} : { servername }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
  return new Promise((resolve, reject) => {
    stream.once("secureConnect", () => {
      const fault = pinFault(stream, url, tls.pins);
      if (fault === undefined) return resolve(stream);
      stream.destroy();
      reject(fault);
    });
    // Stays for the socket's life: an error without a listener would end the process, and "close" follows.
    stream.on("error", reject);
    stream.once("close", () => reject(new Error("the connection was closed")));
  });
}

/** Why the server's key is not the one wanted; undefined if it is, or if none in particular is wanted. */
function pinFault(stream: TLSSocket, url: ServerUrl, pins: readonly string[]): PeerError | undefined {
  if (pins.length === 0) return undefined;
  const certificate = stream.getPeerX509Certificate();
  const seen = certificate === undefined ? "no certificate" : keyPin(certificate);
  return pins.includes(seen) ? undefined : pinError(url, pins, seen);
}

const RESPONSE_FORMAT: HeadFormat<ResponseHead> = {
  mayBeSettled: (bytes, seen, end) => mayHeadBeSettled(bytes, 0, seen, end, DEFAULT_HTTP_LIMITS),
  parse: (bytes, start, end) => parseResponseHead(bytes, start, end, DEFAULT_HTTP_LIMITS),
};

function upgrade(clock: Clock, socket: Socket, options: DialOptions): Promise<UpgradedSocket> {
  const { url, mac, bridge, session, dialects, credentials, timeoutMs } = options;
  const key = newWebSocketKey();
  const authorization = credentials === undefined ? undefined : formatAuthorization(credentials);
  const { hostHeader: host, path } = url;
  socket.write(formatOpening({ host, path, key, mac, bridge, session, authorization, dialects, userAgent: AGENT }));
  return new Promise((resolve, reject) => {
    readHead(clock, socket, { timeoutMs, format: RESPONSE_FORMAT }, (outcome) => {
      if (outcome.state === "late") return reject(lateError(url, "the answer to the upgrade", timeoutMs));
      if (outcome.state === "gone") return reject(handshakeError(url, "it hung up without an answer."));
      if (outcome.state === "fault") return reject(handshakeError(url, outcome.message));
      const { head, rest } = outcome;
      if (head.status !== 101) return void refused(clock, socket, options, head, rest).then(reject);
      const answer = checkOpeningResponse(head, key, dialects);
      if (answer.state === "refused") return reject(handshakeError(url, answer.message));
      resolve({ socket, dialect: answer.dialect, rest });
    });
  });
}

async function refused(
  clock: Clock,
  socket: Socket,
  { url, tls, credentials }: DialOptions,
  head: ResponseHead,
  rest: Buffer,
): Promise<PeerError> {
  const sentence = await readRefusalSentence(clock, socket, head, rest);
  const { status, reason, headers } = head;
  const shown: Shown = credentials?.kind ?? (url.isSecure && tls.cert !== undefined ? "certificate" : "nothing");
  return statusError(url, { status, reason, sentence, retryAfter: headers.get("retry-after") }, shown);
}
