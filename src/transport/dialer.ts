import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { PeerError } from "../base/errors.ts";
import { AGENT } from "../base/version.ts";
import type { ResponseHead } from "../wire/http.ts";
import type { Mac } from "../wire/mac.ts";
import { checkOpeningResponse, formatOpening, newWebSocketKey } from "../wire/opening.ts";
import type { SessionClaim } from "../wire/session-claim.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { type ClientCredentials, formatAuthorization } from "./client-credentials.ts";
import { connectError, handshakeError, lateError, pinError, type Shown, statusError } from "./dial-error.ts";
import { keyPin } from "./key-pin.ts";
import { readHead } from "./read-head.ts";
import { readRefusalSentence } from "./refusal-sentence.ts";
import { RESPONSE_FORMAT } from "./response-format.ts";
import { type ServerUrl, serverName } from "./server-url.ts";
import { startTls } from "./tls-client.ts";
import type { UpgradedSocket } from "./upgraded-socket.ts";
import type { WayOut } from "./way-out.ts";
import { connectToServer } from "./way-to-server.ts";

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
  /** Undefined: none is announced, and no frames are given before one is sent. */
  readonly mac: Mac | undefined;
  readonly bridge: boolean;
  /** It only looks: no session of the user's is to make way for it. */
  readonly guest?: boolean;
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
  const { url, way, timeoutMs } = options;
  return new Promise<Socket>((resolve, reject) => {
    const proxy = way.proxyFor(url);
    const step = proxy === undefined ? "connecting" : `connecting by the proxy ${proxy.display}`;
    const cancel = clock.after(timeoutMs, () => reject(lateError(url, step, timeoutMs)));
    const fail = (error: Error): void => {
      cancel();
      reject(connectError(url, error));
    };
    // A look-up cannot be called off, only left alone.
    signal.addEventListener("abort", () => fail(new Error("the attempt was called off")), { once: true });
    connectToServer(clock, options, signal)
      .then((socket) => (url.isSecure ? secured(socket, options) : socket))
      .then((socket) => {
        cancel();
        resolve(socket);
      }, fail);
  });
}

/** TLS to the server over a connection. A pin that does not fit ends it before a byte of the request is sent. */
async function secured(socket: Socket, { url, tls, way }: DialOptions): Promise<Socket> {
  const { ca, cert, key, pins } = tls;
  const verify = tls.verify && pins.length === 0;
  const name = way.serverName ?? serverName(url);
  const stream = await startTls(socket, { host: url.host, serverName: name, ca, cert, key, verify });
  const fault = pinFault(stream, url, pins);
  if (fault === undefined) return stream;
  stream.destroy();
  throw fault;
}

/** Why the server's key is not the one wanted; undefined if it is, or if none in particular is wanted. */
function pinFault(stream: TLSSocket, url: ServerUrl, pins: readonly string[]): PeerError | undefined {
  if (pins.length === 0) return undefined;
  const certificate = stream.getPeerX509Certificate();
  const seen = certificate === undefined ? "no certificate" : keyPin(certificate);
  return pins.includes(seen) ? undefined : pinError(url, pins, seen);
}

function upgrade(clock: Clock, socket: Socket, options: DialOptions): Promise<UpgradedSocket> {
  const { url, way, mac, bridge, guest, session, dialects, credentials, timeoutMs } = options;
  const key = newWebSocketKey();
  const authorization = credentials === undefined ? undefined : formatAuthorization(credentials);
  const { headers, hostHeader: host = url.hostHeader } = way;
  const { path } = url;
  const who = { mac, bridge, guest: guest ?? false, session, authorization, dialects, userAgent: AGENT };
  socket.write(formatOpening({ host, path, key, headers, ...who }));
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
  const refusal = { status, reason, sentence, retryAfter: headers.get("retry-after"), via: headers.get("via") };
  return statusError(url, refusal, shown);
}
